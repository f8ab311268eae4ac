import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest


class Orders(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")


@pytest.fixture(scope="session")
def orders(vaurien_session):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Orders)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield vaurien_session.proxy("orders", f"127.0.0.1:{server.server_port}", protocol="http")
    server.shutdown()
    server.server_close()


def ask(proxy):
    try:
        with urlopen(f"{proxy.url}/orders") as answer:
            return answer.status
    except HTTPError as error:
        error.close()
        return error.code


def test_unavailable_once(orders):
    with orders.fault("error", code="503", when={"path": "/orders"}, times=1) as fault:
        assert [ask(orders), ask(orders)] == [503, 200]
    assert fault.struck == 1


@pytest.mark.vaurien("orders", "error", code="429")
def test_too_many(orders):
    assert ask(orders) == 429


def test_normal_again(orders):
    assert ask(orders) == 200
