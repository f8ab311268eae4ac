"""
WebSocket over HTTP/2 (RFC 8441), with hypercorn and a client of C{h2} and C{wsproto}.
"""

from __future__ import annotations

import os
from typing import Any

from twisted.internet.defer import Deferred
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong

from tests.integration import secured
from tests.integration.ruling import decided, fault, rule
from tests.integration.servers import find, missing
from tests.integration.support import PATIENCE, ProxyCase, inThread, optional
from tests.integration.test_websocket import websocket
from tests.integration.websocket_http2 import Client, Echo, serving

playwright: Any = optional("playwright.sync_api")

DOWN = {"opcode": "text", "direction": "downstream", "text": "*tick*", "path": "/chat"}
UP = {**DOWN, "direction": "upstream"}


#: Chromium has its messages compressed: they have no text.
CLEAR = {"direction": "downstream", "opcode": "text"}


class OverHTTP2Case(ProxyCase):
    """
    A proxy before hypercorn.
    """

    skip = None if serving else "not installed: hypercorn"

    async def prepare(self) -> None:
        """
        Start the server.
        """
        self.server = Echo()
        self.addCleanup(lambda: Deferred.fromCoroutine(self.server.stop()))
        await self.open(f"127.0.0.1:{self.server.port}", "http", seed=7)


class OverHTTP2Tests(OverHTTP2Case):
    """
    Several WebSockets on one connection.
    """

    def client(self) -> Client:
        """
        A client, for the time of the test.
        """
        client = Client(self.proxy.port)
        self.addCleanup(client.close)
        return client

    @inThread
    def test_unchanged(self) -> None:
        """
        Texts, bytes, pings and the close handshake pass, without rules and with one that never
        matches, beside requests.
        """
        for rules in ([], [websocket("drop", {"text": "never"})]):
            rule(self, *rules)
            client = self.client()
            first, second = client.connect(), client.connect("/other")
            for size in (0, 1, 125, 126, 65535, 65536, 2**20):
                first.send("x" * size)
                second.send("é" * (size // 2))
                self.assertTrue(first.recv() == "x" * size, size)
                self.assertTrue(second.recv() == "é" * (size // 2), size)
            data = os.urandom(300_000)
            first.send(BytesMessage(data=data))
            heard = bytearray()
            while len(heard) < len(data):
                event = first.recv()
                assert isinstance(event, BytesMessage)
                heard += event.data
            self.assertEqual(bytes(heard), data)
            self.assertEqual(client.get("/beside"), b"hello")
            first.send(Ping(b"?"))
            self.assertIsInstance(first.recv(), Pong)
            first.send(CloseConnection(code=1000))
            self.assertIsInstance(first.recv(), CloseConnection)
            second.send("still here")
            self.assertEqual(second.recv(), "still here")
        self.assertEqual((decided(self), self.opaque()), ([], []))

    @inThread
    def test_raised(self) -> None:
        """
        What the client learns of each fault, while another stream goes on.
        """
        client = self.client()
        other = client.connect("/other")
        for made, told in (
            (websocket("close", DOWN, code=1012, reason="again"), "1012 again"),
            (websocket("close", UP, code=4000), "4000 "),
            (websocket("cut", DOWN), "END_STREAM"),
            (websocket("cut", DOWN, then="reset"), "RST_STREAM 8"),
            (websocket("cut", UP), "END_STREAM"),
            (websocket("cut", UP, then="reset"), "RST_STREAM 8"),
            (websocket("corrupt", DOWN), "1007 'utf-8' codec can't decode"),
            (websocket("rsv", DOWN), "1002 Reserved bit set"),
        ):
            rule(self, made)
            stream = client.connect()
            self.assertIn(told, stream.told())
            if made["options"]["fault"] == "close":
                # The close frame is the last of the stream, which the proxy ends.
                self.assertRaisesRegex(EOFError, "END_STREAM", stream.recv)
            self.assertEqual(other.told("other"), "other")
        self.assertEqual(client.get("/beside"), b"hello")
        # As connections that were lost.
        self.assertEqual(self.server.ended[:6], [1006] * 6)

    @inThread
    def test_lost(self) -> None:
        """
        Neither a text comes that is dropped, nor a pong; the messages behind them do.
        """
        pongs = {"opcode": "pong", "direction": "downstream"}
        rule(self, websocket("drop", pongs), websocket("drop", DOWN))
        stream = self.client().connect()
        stream.send(Ping(b"?"))
        stream.send("a tick")
        self.assertEqual(stream.told("later"), "later")

    @inThread
    def test_delay(self) -> None:
        """
        A held message holds only its own stream.
        """
        client = self.client()
        held, other = client.connect(), client.connect("/other")
        rule(self, {"behavior": "hang", "when": DOWN})
        held.send("a tick")
        for number in range(20):
            self.assertEqual(other.told(f"{number}"), f"{number}")
        rule(self)
        self.assertEqual(held.recv(), "a tick")

    @inThread
    def test_refused(self) -> None:
        """
        The request for it is refused.
        """
        rule(self, fault({"method": "CONNECT", "path": "/chat"}, code=503))
        client = self.client()
        self.assertEqual(client.connect().status, "503")
        self.assertEqual(client.connect("/other").told("x"), "x")
        rule(self, fault({"path": "/chat"}, code="rst-stream:REFUSED_STREAM"))
        refused = client.connect()
        self.assertEqual((refused.status, refused.ended), ("", "RST_STREAM 7"))


#: Opens a WebSocket to where the page came from, says C{a tick}, and tells how that ended: the
#: answer, or the code and reason of the end, and whether it was clean.
TICK = """() => new Promise(done => {
  const socket = new WebSocket(`wss://${location.host}/chat`);
  socket.onopen = () => socket.send("a tick");
  socket.onmessage = message => done(message.data);
  socket.onclose = end => done([end.code, end.reason, end.wasClean]);
})"""


class ChromiumTests(OverHTTP2Case):
    """
    A browser, with which Vaurien speaks TLS.
    """

    skip = OverHTTP2Case.skip or missing("chromium") or (None if playwright else "no playwright")

    @inThread
    def test_raised(self) -> None:
        """
        It opens the WebSocket on the connection of the page, and learns of each fault.
        """
        options = {"http2": "prior-knowledge"}
        backend = f"127.0.0.1:{self.server.port}"
        self.reopen(backend, "http", listen=secured.serving(), seed=7, protocolOptions=options)
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path=find("chromium"),
                args=["--no-sandbox", "--disable-dev-shm-usage", "--ignore-certificate-errors"],
                timeout=PATIENCE * 1000,
            )
            page = browser.new_page(ignore_https_errors=True)
            page.goto(f"https://localhost:{self.proxy.port}/")
            self.assertEqual(page.evaluate(TICK), "a tick")
            for made, told in (
                (websocket("close", CLEAR, code=4001, reason="again"), [4001, "again", True]),
                (websocket("cut", CLEAR), [1006, "", False]),
                (websocket("cut", CLEAR, then="reset"), [1006, "", False]),
                (websocket("rsv", CLEAR), [1006, "", False]),
                (fault({"method": "CONNECT"}, code=503), [1006, "", False]),
            ):
                rule(self, made)
                self.assertEqual(page.evaluate(TICK), told, made)
            browser.close()
        self.assertEqual(set(decided(self)), {"text", "CONNECT /chat"})
