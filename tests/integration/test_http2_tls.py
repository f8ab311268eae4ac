"""
HTTP/2 within TLS, which both ends agree on by ALPN.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import httpx

from tests.integration.authority import papers
from tests.integration.grpc_case import PLAIN, SERVICE, Handler
from tests.integration.http2_case import HTTP2Case, nghttpd
from tests.integration.ruling import decided, fault, rule
from tests.integration.secured import serving
from tests.integration.servers import Server, find, newFolder, start
from tests.integration.support import PATIENCE, inThread, run
from tests.ports import freePort
from vaurien_twisted.relays import negotiation

#: What curl says of the version and the status.
STATUS = ("--output", "/dev/null", "--write-out", "%{http_version} %{http_code}")


@cache
def secured() -> Server:
    """
    The nghttpd of this run that speaks TLS.
    """
    folder, port = newFolder("nghttpd"), freePort()
    (folder / "one").write_bytes(b"1")
    signed = papers().server
    command = [find("nghttpd") or "nghttpd", "--address=127.0.0.1", "-d", str(folder)]
    command += [str(port), signed.key, signed.certificate]
    return start(command, port, folder, lambda: _version(port) == "2")


def _version(port: int) -> str:
    words = ["--silent", "--insecure", "--http2", *STATUS[:3], "%{http_version}"]
    return run("curl", *words, f"https://127.0.0.1:{port}/one").stdout


class NegotiationTests(HTTP2Case):
    """
    Which version both ends speak.
    """

    def ask(self, *words: str) -> str:
        """
        The version and the status that curl gets by way of the proxy.
        """
        url = f"https://localhost:{self.proxy.port}/one"
        trust = ["--cacert", papers().authority.certificate]
        return run("curl", "--silent", "--show-error", *trust, *words, *STATUS, url).stdout

    def before(self, backend: str, **more: Any) -> None:
        """
        Another proxy, which speaks TLS with clients.
        """
        self.patch(negotiation, "PATIENCE", PATIENCE)
        self.reopen(backend, "http", listen=serving(), **more)

    @inThread
    def test_both(self) -> None:
        """
        A backend that takes HTTP/2: clients may choose, the first one too.
        """
        self.before(f"ssl:127.0.0.1:{secured().port}")
        self.assertEqual((self.ask("--http2"), self.opaque()), ("2 200", []))
        rule(self, fault({"path": "/one"}, code="503"))
        self.assertEqual(self.ask("--http2"), "2 503")
        self.assertEqual(decided(self), ["GET /one"])

    @inThread
    def test_backendWithout(self) -> None:
        """
        A backend that does not take it: clients get HTTP/1.1.
        """
        self.before(nghttpd().backend)
        self.assertNotEqual(self.ask("--http2")[:2], "2 ")

    @inThread
    def test_priorKnowledge(self) -> None:
        """
        A backend that speaks HTTP/2 without TLS, as the user knows.
        """
        self.before(nghttpd().backend, protocolOptions={"http2": "prior-knowledge"})
        self.assertEqual(self.ask("--http2"), "2 200")

    @inThread
    def test_opaque(self) -> None:
        """
        Where HTTP/2 is not read, TLS does not offer it.
        """
        self.before(f"ssl:127.0.0.1:{secured().port}", protocolOptions={"http2": "opaque"})
        self.assertNotEqual(self.ask("--http2")[:2], "2 ")

    @inThread
    def test_httpx(self) -> None:
        """
        What httpx gets of each fault.
        """
        self.before(f"ssl:127.0.0.1:{secured().port}")
        trust = papers().authority.certificate
        url = f"https://localhost:{self.proxy.port}/one"
        with httpx.Client(http2=True, verify=trust, trust_env=False, timeout=2) as client:
            answer = client.get(url)
            self.assertEqual((answer.http_version, answer.content), ("HTTP/2", b"1"))
            rule(self, fault({}, code="429", body="later"))
            answer = client.get(url)
            self.assertEqual((answer.status_code, answer.text), (429, "later"))
            self.assertEqual(answer.headers["retry-after"], "1")
            changes = {"status": 202, "headers": {"Date": None}, "replace": {"1": "one"}}
            rule(self, {"behavior": "patch", "options": changes})
            answer = client.get(url)
            self.assertEqual((answer.status_code, answer.text), (202, "one"))
            self.assertEqual(
                (answer.headers["content-length"], "date" in answer.headers), ("3", False)
            )
            rule(self, {"behavior": "events", "options": {"fault": "cut", "unit": "lines"}})
            self.assertRaises(httpx.RemoteProtocolError, client.get, url)
        for options, error in (
            ({"code": "rst-stream:CANCEL"}, httpx.RemoteProtocolError),
            ({"code": "goaway-unprocessed"}, httpx.RemoteProtocolError),
            ({"code": "wrong-length"}, httpx.LocalProtocolError),
            ({"at": "partial", "count": 0}, httpx.RemoteProtocolError),
            ({"code": "empty"}, httpx.RemoteProtocolError),
        ):
            rule(self, fault({}, **options))
            with httpx.Client(http2=True, verify=trust, trust_env=False, timeout=2) as client:
                self.assertRaises(error, client.get, url)
        rule(self, {"behavior": "hang"})
        with httpx.Client(http2=True, verify=trust, trust_env=False, timeout=0.3) as client:
            self.assertRaises(httpx.ReadTimeout, client.get, url)

    @inThread
    def test_grpc(self) -> None:
        """
        gRPC, which speaks nothing but HTTP/2.
        """
        signed = papers().server
        pair = Path(signed.key).read_bytes(), Path(signed.certificate).read_bytes()
        server = grpc.server(ThreadPoolExecutor(4), handlers=[Handler()], options=PLAIN)
        port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([pair]))
        server.start()
        self.addCleanup(lambda: server.stop(None) and None)
        self.before(f"ssl:localhost:{port}")
        root = Path(papers().authority.certificate).read_bytes()
        trust = grpc.ssl_channel_credentials(root)
        where = f"localhost:{self.proxy.port}"
        with grpc.secure_channel(where, trust, options=PLAIN) as channel:
            echo = channel.unary_unary(f"/{SERVICE}/Echo")
            self.assertEqual(echo(b"x" * 100_000, timeout=PATIENCE), b"x" * 100_000)
            rule(self, fault({"service": SERVICE}, code="UNAVAILABLE"))
            try:
                echo(b"x", timeout=PATIENCE)
            except grpc.RpcError as error:
                self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
            else:
                self.fail("the call has not failed")
