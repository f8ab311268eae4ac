"""
Tests for L{vaurien_twisted.relays.struck_stream}: streams that end in errors.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.multiplexed import GET, Multiplexed, rule

#: Error codes (RFC 9113, section 7).
CANCEL, INTERNAL, CALM = 8, 2, 11


def decided(link: Multiplexed) -> list[Any]:
    """
    The effects in the journal.
    """
    return [each["effect"] for each in link.journal if each["kind"] == "decision"]


class ErrorTests(SynchronousTestCase):
    """
    Answers in the backend's place.
    """

    def test_status(self) -> None:
        """
        A status with fields and a body; the backend sees nothing of the request.
        """
        for size in (0, 1):
            link = Multiplexed(
                rule("error", "/bad", code="503", headers={"X-A": "b"}, body="no"), size=size
            )
            got = link.ask("/bad", b"x" * 100)
            self.assertEqual(
                got.fields,
                {
                    ":status": "503",
                    "x-a": "b",
                    "retry-after": "1",
                    "content-type": "text/plain; charset=utf-8",
                    "content-length": "2",
                },
            )
            self.assertEqual((got.body, got.ended, link.asked), (b"no", True, {}))
            self.assertEqual(link.ask("/good").body, b"/good\n")
            self.assertEqual(decided(link), ["error 503"])

    def test_targets(self) -> None:
        """
        Rules look at method and header fields, too; the authority is Host.
        """
        when = {"method": "post", "path": "/x*", "header": {"X-Tenant": "a*", "Host": "a"}}
        link = Multiplexed({"behavior": "error", "options": {"code": "500"}, "when": when})
        self.assertEqual(link.ask("/x/1", b"", x_tenant="ab").fields[":status"], "500")
        self.assertEqual(link.ask("/x/1", b"", x_tenant="b").fields[":status"], "200")
        self.assertEqual(link.ask("/x/1", x_tenant="ab").fields[":status"], "200")

    def test_transient(self) -> None:
        """
        Without a code, one that clients retry; then all is well again.
        """
        link = Multiplexed(rule("transient", agitate=2))
        statuses = [link.ask("/").fields[":status"] for _ in range(3)]
        self.assertEqual(statuses[2], "200")
        self.assertTrue(set(statuses[:2]) <= {"500", "502", "503", "504"}, statuses)

    def test_atReply(self) -> None:
        """
        The backend has acted; its reply is replaced, and it is told to stop.
        """
        link = Multiplexed(rule("error", "/bad", code="500", at="reply"))
        got = link.ask("/bad", b"x" * 100)
        self.assertEqual((got.fields[":status"], got.ended), ("500", True))
        self.assertEqual(link.asked[1][1], b"x" * 100)
        self.assertEqual(link.ask("/good").body, b"/good\n")
        self.assertEqual(decided(link), ["reply: error 500"])

    def test_swallowed(self) -> None:
        """
        What is swallowed of an upload is credited to the client, and what is swallowed of a
        reply to the backend.
        """
        link = Multiplexed(
            rule("error", "/bad", code="500"), rule("error", "/late", code="500", at="reply")
        )
        for _ in range(8):
            link.ask("/bad", b"")
            stream = link.client.get_next_available_stream_id()
            link.client.send_headers(stream, list({**GET, ":path": "/bad"}.items()))
            for _ in range(10):
                link.client.send_data(stream, b"x" * 1600)
                link.pump()
            link.client.end_stream(stream)
            link.pump()
        self.assertEqual(link.client.outbound_flow_control_window, 65535)
        link.answers = False
        for _ in range(8):
            stream = link.client.get_next_available_stream_id()
            link.ask("/late")
            theirs = max(link.asked)
            link.reply(theirs, b"x" * 16000, False)
            link.pump()
            self.assertEqual(link.resets[theirs], CANCEL)
        self.assertEqual(link.server.outbound_flow_control_window, 65535)
        link.answers = True
        self.assertEqual(link.ask("/good", b"y" * 60000).body, b"/good\n" + b"y" * 60000)

    def test_largeBody(self) -> None:
        """
        A body that is larger than the windows waits for them, and the backend's replies wait
        behind it where the client takes no more.
        """
        link = Multiplexed(rule("error", "/bad", code="500", body="b" * 200_000))
        link.ask("/good", b"x" * 60000)
        self.assertEqual(link.ask("/bad").body, b"b" * 200_000)
        for _ in range(4):
            self.assertEqual(link.ask("/good", b"x" * 60000).body, b"/good\n" + b"x" * 60000)

    def test_untaken(self) -> None:
        """
        The backend does not know of the bytes that the proxy has sent: its own wait then.
        """
        link = Multiplexed(rule("error", "/bad", code="500", body="b" * 30_000))
        self.patch(link.client, "acknowledge_received_data", lambda size, stream: None)
        self.assertEqual(len(link.ask("/bad").body), 30_000)
        link.answers = False
        got = link.ask("/good")
        link.reply(3, b"x" * 60_000)
        link.pump()
        self.assertEqual((len(got.body), got.ended), (35_535, False))
        link.client.increment_flow_control_window(100_000)
        link.client.increment_flow_control_window(100_000, 3)
        link.pump()
        self.assertEqual((len(got.body), got.ended), (60_000, True))

    def test_window(self) -> None:
        """
        A rule applies as often as it says, and to a share that its seed decides.
        """
        link = Multiplexed({**rule("error", code="500"), "after": 1, "times": 2})
        statuses = [link.ask("/").fields[":status"] for _ in range(5)]
        self.assertEqual(statuses, ["200", "500", "500", "200", "200"])


class EndingTests(SynchronousTestCase):
    """
    Streams and connections that end.
    """

    def test_reset(self) -> None:
        """
        RST_STREAM with any code, by name or number; other streams go on.
        """
        for code, number in (("CANCEL", 8), ("refused_stream", 7), ("0x99", 153), ("11", CALM)):
            link = Multiplexed(rule("error", "/bad", code=f"rst-stream:{code}"))
            got = link.ask("/bad", b"x" * 10)
            self.assertEqual((got.reset, link.asked), (number, {}))
            self.assertEqual(link.ask("/good").body, b"/good\n")
        link = Multiplexed(rule("error", "/bad", code="rst-stream"))
        self.assertEqual(link.ask("/bad").reset, CANCEL)

    def test_resetReply(self) -> None:
        """
        In place of the reply.
        """
        link = Multiplexed(rule("error", "/bad", code="rst-stream:INTERNAL_ERROR", at="reply"))
        self.assertEqual(link.ask("/bad").reset, INTERNAL)
        self.assertEqual(list(link.asked), [1])

    def test_goAway(self) -> None:
        """
        A graceful end: what was asked is served, what comes later is not, and then the
        connection is closed.
        """
        link = Multiplexed(
            rule("delay", "/slow", sleep=1, before=False), rule("error", "/bye", code="goaway")
        )
        slow = link.ask("/slow")
        got = link.ask("/bye")
        [said] = link.gone
        self.assertEqual((said.error_code, said.last_stream_id), (0, 3))
        self.assertEqual((got.body, got.ended), (b"/bye\n", True))
        self.assertEqual(link.pair.client.ended, [])
        link.wait(1)
        self.assertTrue(slow.ended)
        self.assertEqual(link.pair.client.ended, ["lose"])

    def test_unprocessed(self) -> None:
        """
        The stream that met the rule was not served.
        """
        link = Multiplexed(rule("error", "/bye", code="goaway-unprocessed:0x1"))
        self.assertTrue(link.ask("/good").ended)
        got = link.ask("/bye")
        [said] = link.gone
        self.assertEqual((said.error_code, said.last_stream_id), (1, 1))
        self.assertEqual((got.ended, list(link.asked)), (False, [1]))
        self.assertEqual(link.pair.client.ended, ["lose"])

    def test_otherProtocol(self) -> None:
        """
        In HTTP/1 there is no such thing: the request passes.
        """
        link = Multiplexed(rule("error", code="goaway"))
        pair = type(link.pair)("http")
        pair.factory.setPlan(link.pair.factory.decider.plan)
        request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        self.assertEqual(pair.ask(request), request)

    def test_cut(self) -> None:
        """
        After so many bytes of the body, or DATA frames: the stream ends, or is reset.
        """
        for options, expected in (
            ({"count": 3}, (b"/cu", True, None)),
            ({"count": 3, "then": "reset"}, (b"/cu", False, INTERNAL)),
            ({"count": 3, "code": "rst-stream:CANCEL"}, (b"/cu", False, CANCEL)),
            ({"count": 0}, (b"", False, INTERNAL)),
            ({"count": 1, "unit": "units"}, (b"/cut\n" + b"x" * 10, True, None)),
            ({"count": 2, "unit": "units"}, (b"/cut\n" + b"x" * 10, True, None)),
        ):
            link = Multiplexed(rule("error", "/cut", at="partial", **options))
            got = link.ask("/cut", b"x" * 10)
            self.assertEqual((got.body, got.ended, got.reset), expected)
            self.assertEqual(link.ask("/good").body, b"/good\n")

    def test_backendTold(self) -> None:
        """
        The backend is told that nobody wants the rest of a reply that was cut.
        """
        link = Multiplexed(rule("error", "/cut", at="partial", count=2), answers=False)
        link.ask("/cut")
        link.reply(1, b"12345", False)
        link.pump()
        self.assertEqual(link.resets, {1: CANCEL})

    def test_missed(self) -> None:
        """
        A reply that is too short was not struck.
        """
        link = Multiplexed(rule("error", "/cut", at="partial", count=100))
        self.assertEqual(link.ask("/cut").body, b"/cut\n")
        [missed] = [each for each in link.journal if each["kind"] == "missed"]
        self.assertIn("5 of 100 bytes", missed["effect"])

    def test_faulty(self) -> None:
        """
        A body that comes slowly, a length that is wrong, and a connection that closes.
        """
        link = Multiplexed(rule("error", "/slow", code="slow-body", body="0123456789", pause=1))
        got = link.ask("/slow")
        self.assertEqual((got.body, got.ended), (b"", False))
        link.wait(1)
        other = link.ask("/good")
        self.assertEqual((got.body, got.ended, other.ended), (b"0", False, True))
        for _ in range(9):
            link.wait(1)
        self.assertEqual((got.body, got.ended), (b"0123456789", True))
        link = Multiplexed(rule("error", code="wrong-length"))
        self.assertIn("content-length", _refused(link))
        link = Multiplexed(rule("error", code="empty"))
        link.ask("/")
        self.assertEqual(link.pair.client.ended, ["lose"])


def _refused(link: Multiplexed) -> str:
    """
    Why the client refuses what it gets.
    """
    try:
        link.ask("/")
    except Exception as error:
        return f"content-length {error!r}"
    return ""


class FailureTests(SynchronousTestCase):
    """
    Exchanges that fail are counted, by command and code.
    """

    def test_counted(self) -> None:
        """
        A status from 400 on, RST_STREAM of the backend, a stream that the client gives up, and
        what is open when the connection ends; also what a fault answers.
        """
        link = Multiplexed(rule("error", "/fault", code="500"), answers=False)
        errors = link.pair.factory.counters.errors
        link.ask("/fault")
        link.ask("/a")
        link.server.send_headers(3, [(":status", "404")], True)
        link.ask("/b", b"")
        link.server.reset_stream(5, 2)
        link.ask("/c")
        link.client.reset_stream(7)
        link.ask("/d")
        link.pump()
        self.assertEqual(
            errors,
            {
                ("GET", "500"): 1,
                ("GET", "404"): 1,
                ("POST", "rst-stream:INTERNAL_ERROR"): 1,
                ("GET", "aborted"): 1,
            },
        )
        link.pair.loseBackend(clean=False)
        self.assertEqual(errors[("GET", "closed")], 1)
