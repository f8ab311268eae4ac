from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from vaurien_twisted import Client, start_proxy


@pytest.fixture(scope="session")
def proxy():
    # --demo brings a backend; yours: backend_host="localhost", backend_port=5000
    with start_proxy(proxy_port=0, port=0, protocol="http", options=["--demo"]) as proxy:
        yield proxy


@pytest.fixture
def vaurien(proxy):
    client = Client(url=proxy.http_url)
    # Whatever a test sets is gone after it.
    with client.with_behavior("dummy"):
        yield client


def test_error(proxy, vaurien):
    vaurien.set_behavior("error")
    with pytest.raises(HTTPError) as caught:
        urlopen(f"http://{proxy.proxy_address}/")
    assert 500 <= caught.value.code <= 599
    caught.value.close()


def test_normal_again(proxy, vaurien):
    with urlopen(f"http://{proxy.proxy_address}/") as answer:
        assert answer.status == 200
