"""
WebSocket over HTTP/2 (RFC 8441): a stream that begins with an extended CONNECT.
"""

from __future__ import annotations

from h2.settings import SettingCodes
from twisted.trial.unittest import SynchronousTestCase
from websockets.frames import Frame, Opcode

from tests.relays.multiplexed import GET, Got, Multiplexed, rule

#: How a client asks for WebSocket.
CONNECT = {**GET, ":method": "CONNECT", ":protocol": "websocket", ":path": "/chat"}

#: A message of the client, and one of the server.
ASKED = Frame(Opcode.TEXT, b"one").serialize(mask=True, extensions=[])
TOLD = Frame(Opcode.TEXT, b"two").serialize(mask=False, extensions=[])


class ExtendedConnectTests(SynchronousTestCase):
    """
    The connection is a stream among others: its frames pass unread.
    """

    def link(self, *rules: dict[str, object], size: int = 0) -> Multiplexed:
        """
        Both ends, after the server has allowed it.
        """
        link = Multiplexed(*rules, size=size, answers=False)
        link.server.update_settings({SettingCodes.ENABLE_CONNECT_PROTOCOL: 1})
        link.pump()
        self.assertEqual(link.client.remote_settings.enable_connect_protocol, 1)
        return link

    def connect(self, link: Multiplexed) -> tuple[int, Got]:
        """
        The client asks for WebSocket: the stream, and what the client gets.
        """
        stream = link.client.get_next_available_stream_id()
        link.client.send_headers(stream, list(CONNECT.items()))
        got = link.got[stream] = Got()
        link.pump()
        return stream, got

    def converse(self, link: Multiplexed, stream: int, got: Got) -> None:
        """
        A message in each direction, a request beside them, and the end.
        """
        self.assertEqual(link.asked[stream][0][":protocol"], "websocket")
        link.reply(stream, TOLD, ends=False)
        link.send(link.client, stream, ASKED, ends=False)
        link.pump()
        self.assertEqual((got.fields[":status"], got.body), ("200", TOLD))
        self.assertEqual(link.asked[stream][1], ASKED)
        beside = link.ask("/beside")
        link.reply(stream + 2, b"beside")
        link.pump()
        self.assertEqual((beside.body, beside.ended, got.ended), (b"beside", True, False))
        link.client.end_stream(stream)
        link.send(link.server, stream, TOLD)
        link.pump()
        self.assertEqual((got.body, got.ended), (TOLD * 2, True))

    def test_passes(self) -> None:
        """
        As it is, whatever pieces it comes in.
        """
        for size in (0, 1):
            link = self.link(size=size)
            self.converse(link, *self.connect(link))

    def test_delayed(self) -> None:
        """
        A rule sees the request that begins it.
        """
        link = self.link({**rule("delay", "/chat", sleep=5), "when": {"method": "CONNECT"}})
        stream, got = self.connect(link)
        self.assertNotIn(stream, link.asked)
        link.wait(5)
        self.converse(link, stream, got)

    def test_refused(self) -> None:
        """
        An error takes the place of the server's answer.
        """
        link = self.link(rule("error", "/chat", code="503"))
        _, got = self.connect(link)
        self.assertEqual((got.fields[":status"], link.asked), ("503", {}))

    def test_cut(self) -> None:
        """
        The stream is cut within a message.
        """
        link = self.link(rule("error", "/chat", at="partial", count=2, then="reset"))
        stream, got = self.connect(link)
        link.reply(stream, TOLD, ends=False)
        link.pump()
        self.assertEqual((got.body, got.reset), (TOLD[:2], 2))
        self.assertEqual(list(link.resets), [stream])
