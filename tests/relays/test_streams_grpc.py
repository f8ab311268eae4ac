"""
Tests of calls of gRPC.
"""

from __future__ import annotations

import base64
from typing import Any

from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.multiplexed import Got, Multiplexed

CALL = {"content_type": "application/grpc", "te": "trailers"}


def message(content: bytes) -> bytes:
    """
    A message of gRPC, not compressed.
    """
    return b"\x00" + len(content).to_bytes(4, "big") + content


class Calls(Multiplexed):
    """
    A server of gRPC that repeats each call's messages, and its client.
    """

    def reply(self, stream: int, body: bytes, ends: bool = True, **fields: str) -> None:
        """
        Two messages, and the trailer.
        """
        self.server.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        self.server.send_data(stream, message(b"one") + message(b"two")[:3])
        self.server.send_data(stream, message(b"two")[3:] + message(b"three"))
        self.server.send_headers(stream, [("grpc-status", "0")], True)

    def call(self, path: str = "/pkg.Svc/Call", **fields: str) -> Got:
        """
        Call a method.
        """
        return self.ask(path, message(b"ask"), **CALL, **fields)


WHOLE = message(b"one") + message(b"two") + message(b"three")


def fault(when: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """
    A rule of C{error}.
    """
    return {"behavior": "error", "options": options, "when": when or {}}


class MatchingTests(SynchronousTestCase):
    """
    What rules ask of a call.
    """

    def test_passes(self) -> None:
        """
        A call that no rule concerns.
        """
        got = Calls().call()
        self.assertEqual((got.body, got.trailers), (WHOLE, {"grpc-status": "0"}))

    def test_targets(self) -> None:
        """
        Service, method, and that it is gRPC.
        """
        for when, hit in (
            ({"service": "pkg.Svc", "method": "Call", "grpc": True}, True),
            ({"service": "pkg.*"}, True),
            ({"method": "call"}, True),
            ({"method": "POST"}, True),
            ({"grpc": "true"}, True),
            ({"grpc": False}, False),
            ({"service": "pkg.Other"}, False),
            ({"method": "Other"}, False),
        ):
            got = Calls(fault(when, code="UNAVAILABLE")).call()
            self.assertEqual(got.fields.get("grpc-status"), "14" if hit else None, when)

    def test_notCalls(self) -> None:
        """
        Other requests have neither service nor status.
        """
        link = Calls(fault({}, code="UNAVAILABLE"))
        self.assertEqual(link.ask("/pkg.Svc/Call", b"").body, WHOLE)
        link.setRules(fault({"service": "*"}, code="500"))
        self.assertEqual(link.ask("/pkg.Svc/Call", b"").body, WHOLE)
        link.setRules(fault({"grpc": False}, code="500"))
        self.assertEqual(link.ask("/pkg.Svc/Call", b"").fields[":status"], "500")


class StatusTests(SynchronousTestCase):
    """
    Statuses in place of replies.
    """

    def test_trailersOnly(self) -> None:
        """
        By name or by number, with a message.
        """
        for code in ("UNAVAILABLE", "14"):
            link = Calls(fault({}, code=code, message="höher 5%", headers={"X-A": "b"}))
            got = link.call()
            self.assertEqual(
                got.fields,
                {
                    ":status": "200",
                    "content-type": "application/grpc",
                    "grpc-status": "14",
                    "grpc-message": "h%C3%B6her 5%25",
                    "x-a": "b",
                },
            )
            self.assertEqual((got.body, got.ended, link.asked), (b"", True, {}))

    def test_all(self) -> None:
        """
        Each has a message of its own; OK has none.
        """
        for number in range(17):
            got = Calls(fault({}, code=str(number))).call()
            self.assertEqual(got.fields["grpc-status"], str(number))
            self.assertEqual("grpc-message" in got.fields, number > 0)

    def test_details(self) -> None:
        """
        C{google.rpc.RetryInfo}.
        """
        for delay in (1.5, 0.25, 86400.0):
            rule = fault({}, code="UNAVAILABLE", message="no", retry_delay=delay)
            words = Calls(rule).call().fields["grpc-status-details-bin"]
            said = Status.FromString(base64.b64decode(words + "=" * (-len(words) % 4)))
            [detail] = said.details
            info = RetryInfo()
            self.assertTrue(detail.Unpack(info))
            self.assertEqual((said.code, said.message), (14, "no"))
            self.assertEqual(info.retry_delay.ToNanoseconds(), delay * 10**9)

    def test_atReply(self) -> None:
        """
        The backend has acted.
        """
        link = Calls(fault({}, code="ABORTED", at="reply"))
        got = link.call()
        self.assertEqual((got.fields["grpc-status"], list(link.asked)), ("10", [1]))

    def test_transient(self) -> None:
        """
        One that clients of gRPC retry; other requests get what clients of HTTP do.
        """
        link = Calls({"behavior": "transient", "options": {"agitate": 30}})
        got = {link.call().fields["grpc-status"] for _ in range(30)}
        self.assertEqual(got, {"8", "10", "14"})
        link = Calls({"behavior": "transient", "options": {"agitate": 1}})
        self.assertIn(link.ask("/").fields[":status"], ("500", "502", "503", "504"))

    def test_status(self) -> None:
        """
        A status of HTTP, as from a gateway.
        """
        self.assertEqual(Calls(fault({}, code="503")).call().fields[":status"], "503")


class FailureTests(SynchronousTestCase):
    """
    Calls that fail are counted.
    """

    def test_counted(self) -> None:
        """
        By the name of their status, in a trailer or alone.
        """
        link = Calls(answers=False)
        link.call()
        link.server.send_headers(
            1,
            [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5")],
            True,
        )
        link.call()
        link.server.send_headers(3, [(":status", "200"), ("content-type", "application/grpc")])
        link.server.send_headers(3, [("grpc-status", "13")], True)
        link.pump()
        errors = link.pair.factory.counters.errors
        self.assertEqual(errors, {("POST", "NOT_FOUND"): 1, ("POST", "INTERNAL"): 1})


class MessageTests(SynchronousTestCase):
    """
    Replies that are cut or delayed between messages.
    """

    def test_afterMessages(self) -> None:
        """
        A status after so many messages, however they are divided.
        """
        for size in (0, 1):
            for count in (0, 1, 2, 3):
                rule = fault({}, at="partial", unit="units", count=count, code="DATA_LOSS")
                got = Calls(rule, size=size).call()
                said = [message(b"one"), message(b"two"), message(b"three")]
                self.assertEqual(got.body, b"".join(said[:count]))
                trailer = got.trailers if count else got.fields
                self.assertEqual(trailer["grpc-status"], "15")

    def test_within(self) -> None:
        """
        A message that is cut in its prefix.
        """
        rule = fault({}, at="partial", count=11, code="INTERNAL")
        got = Calls(rule).call()
        self.assertEqual(got.body, WHOLE[:11])
        self.assertEqual(got.trailers["grpc-status"], "13")
        got = Calls(fault({}, at="partial", count=3)).call()
        self.assertEqual((got.body, got.ended, got.trailers), (WHOLE[:3], True, {}))

    def test_missed(self) -> None:
        """
        A stream with fewer messages passes.
        """
        link = Calls(fault({}, at="partial", unit="units", count=4, code="INTERNAL"))
        got = link.call()
        self.assertEqual((got.body, got.trailers), (WHOLE, {"grpc-status": "0"}))
        [missed] = [each for each in link.journal if each["kind"] == "missed"]
        self.assertIn("3 of 4 units", missed["effect"])

    def test_delayed(self) -> None:
        """
        A delay before a message.
        """
        for number in (1, 2, 3):
            link = Calls({"behavior": "delay_message", "options": {"message": number}})
            got = link.call()
            said = [message(b"one"), message(b"two"), message(b"three")]
            self.assertEqual(got.body, b"".join(said[: number - 1]))
            link.wait(1)
            self.assertEqual((got.body, got.trailers), (WHOLE, {"grpc-status": "0"}))


class DeadlineTests(SynchronousTestCase):
    """
    C{exceed_deadline}.
    """

    def test_held(self) -> None:
        """
        For as long as the call may take, and a little longer.
        """
        for timeout, seconds in (("1S", 1.0), ("500m", 0.5), ("2000000u", 2.0), ("1M", 60.0)):
            link = Calls({"behavior": "exceed_deadline", "options": {"extra": 0.5}})
            got = link.call(grpc_timeout=timeout)
            link.wait(seconds + 0.4)
            self.assertEqual(link.asked, {})
            link.wait(0.2)
            self.assertEqual(got.trailers, {"grpc-status": "0"})

    def test_without(self) -> None:
        """
        A call without a deadline passes, and does not count.
        """
        link = Calls({"behavior": "exceed_deadline"})
        self.assertEqual(link.call().trailers, {"grpc-status": "0"})
        self.assertEqual([each for each in link.journal if each["kind"] == "decision"], [])
