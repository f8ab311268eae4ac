"""
gRPC with C{grpcio} and C{grpclib}.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from grpc_status import rpc_status
from grpclib.client import Channel
from grpclib.const import Cardinality, Status
from grpclib.exceptions import GRPCError, StreamTerminatedError

from tests.integration.grpc_case import SERVICE, GRPCCase, Plain
from tests.integration.ruling import decided, fault, rule
from tests.integration.support import PATIENCE, inThread

CODE = grpc.StatusCode

#: A service config by which clients retry.
RETRIES = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 3,
                    "initialBackoff": "0.01s",
                    "maxBackoff": "0.1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)


class PassingTests(GRPCCase):
    """
    Calls that no rule concerns.
    """

    @inThread
    def test_kinds(self) -> None:
        """
        Unary calls, both streams, and many at once; without rules and with one that never
        matches.
        """
        for rules in ([], [fault({"service": "other.*"}, code="UNAVAILABLE")]):
            rule(self, *rules)
            channel = self.channel()
            echo = channel.unary_unary(f"/{SERVICE}/Echo")
            large = bytes(range(256)) * 4000
            self.assertEqual(echo(large, timeout=PATIENCE), large)
            count = channel.unary_stream(f"/{SERVICE}/Count")
            self.assertEqual(len(list(count(b"500", timeout=PATIENCE))), 500)
            total = channel.stream_unary(f"/{SERVICE}/Sum")
            self.assertEqual(total(iter([b"a"] * 500), timeout=PATIENCE), b"a" * 500)
            chat = channel.stream_stream(f"/{SERVICE}/Chat")
            asks = [b"%d" % number for number in range(300)]
            self.assertEqual(list(chat(iter(asks), timeout=PATIENCE)), asks)
            calls = [echo.future(b"%d" % number, timeout=PATIENCE) for number in range(200)]
            self.assertEqual([call.result() for call in calls], [b"%d" % n for n in range(200)])
        self.assertEqual((decided(self), self.opaque()), ([], []))

    @inThread
    def test_keepalive(self) -> None:
        """
        Pings pass, also while the only call is held.
        """
        rule(self, {"behavior": "delay", "options": {"sleep": 0.5}})
        options = (
            ("grpc.keepalive_time_ms", 100),
            ("grpc.keepalive_timeout_ms", 5000),
            ("grpc.http2.max_pings_without_data", 0),
        )
        self.assertEqual(self.call("Echo", b"x", *options), b"x")


class StatusTests(GRPCCase):
    """
    What C{grpcio} raises.
    """

    @inThread
    def test_statuses(self) -> None:
        """
        Each status, by its name.
        """
        channel = self.channel()
        echo = channel.unary_unary(f"/{SERVICE}/Echo")
        for code in CODE:
            if code is CODE.OK:
                continue
            rule(self, fault({"service": SERVICE, "method": "Echo"}, code=code.name, message="né"))
            error = self.failed(lambda: echo(b"x", timeout=PATIENCE))
            self.assertEqual((error.code(), error.details()), (code, "né"))
        self.assertEqual(self.handler.calls, [])

    @inThread
    def test_retryInfo(self) -> None:
        """
        The client reads when it may try again.
        """
        rule(self, fault({}, code="UNAVAILABLE", retry_delay=1.5))
        error = self.failed(lambda: self.call("Echo"))
        status: Any = rpc_status.from_call(error)
        info = RetryInfo()
        self.assertTrue(status.details[0].Unpack(info))
        self.assertEqual(info.retry_delay.ToMilliseconds(), 1500)

    @inThread
    def test_retries(self) -> None:
        """
        By its service config the client tries again, and succeeds the second time.
        """
        rule(self, {**fault({"grpc": True}, code="UNAVAILABLE"), "times": 1})
        self.assertEqual(self.call("Echo", b"x", ("grpc.service_config", RETRIES)), b"x")
        self.assertEqual((decided(self), self.handler.calls), ([f"POST /{SERVICE}/Echo"], ["Echo"]))

    @inThread
    def test_refused(self) -> None:
        """
        A stream that was refused is UNAVAILABLE, and tried again as that is; one that GOAWAY
        leaves unprocessed is tried again without any config.
        """
        rule(self, {**fault({}, code="rst-stream:REFUSED_STREAM"), "times": 2})
        self.assertEqual(self.failed(lambda: self.call("Echo")).code(), CODE.UNAVAILABLE)
        self.assertEqual(self.call("Echo", b"x", ("grpc.service_config", RETRIES)), b"x")
        rule(self, {**fault({}, code="goaway-unprocessed"), "times": 1})
        self.assertEqual(self.call("Echo"), b"x")

    @inThread
    def test_resets(self) -> None:
        """
        The statuses that C{grpcio} makes of RST_STREAM (grpc/grpc, doc/PROTOCOL-HTTP2.md).
        """
        for code, status in (
            ("CANCEL", CODE.CANCELLED),
            ("INTERNAL_ERROR", CODE.INTERNAL),
            ("ENHANCE_YOUR_CALM", CODE.RESOURCE_EXHAUSTED),
            ("INADEQUATE_SECURITY", CODE.PERMISSION_DENIED),
        ):
            rule(self, fault({}, code=f"rst-stream:{code}"))
            self.assertEqual(self.failed(lambda: self.call("Echo")).code(), status, code)

    @inThread
    def test_http(self) -> None:
        """
        A status of HTTP, as a gateway answers.
        """
        for code, status in (("503", CODE.UNAVAILABLE), ("404", CODE.UNIMPLEMENTED)):
            rule(self, fault({}, code=code))
            self.assertEqual(self.failed(lambda: self.call("Echo")).code(), status)

    @inThread
    def test_goAway(self) -> None:
        """
        A graceful end: the call succeeds, and the next goes by another connection.
        """
        rule(self, {**fault({}, code="goaway"), "times": 1})
        echo = self.channel().unary_unary(f"/{SERVICE}/Echo")
        for _ in range(3):
            self.assertEqual(echo(b"x", timeout=PATIENCE, wait_for_ready=True), b"x")


class StreamTests(GRPCCase):
    """
    Streams of messages that are cut or delayed.
    """

    def messages(self) -> tuple[list[bytes], grpc.RpcError | None]:
        """
        The messages of a stream, and what it ends with.
        """
        count = self.channel().unary_stream(f"/{SERVICE}/Count")
        got: list[bytes] = []
        try:
            for each in count(b"5", timeout=PATIENCE):
                got.append(each)
        except grpc.RpcError as error:
            return got, error
        return got, None

    @inThread
    def test_after(self) -> None:
        """
        A status after two messages.
        """
        rule(self, fault({}, at="partial", unit="units", count=2, code="DATA_LOSS"))
        got, error = self.messages()
        assert error is not None
        self.assertEqual((got, error.code()), ([b"message 0", b"message 1"], CODE.DATA_LOSS))

    @inThread
    def test_within(self) -> None:
        """
        A message that is cut in its prefix, with and without a status.
        """
        for more in ({"code": "UNAVAILABLE"}, {"then": "reset"}, {}):
            rule(self, fault({}, at="partial", count=14 + 3, **more))
            got, error = self.messages()
            assert error is not None
            # A reset may overtake what the client has not yet read.
            self.assertIn(got, ([], [b"message 0"]))
            self.assertIn(error.code(), (CODE.UNAVAILABLE, CODE.INTERNAL, CODE.UNKNOWN))

    @inThread
    def test_delay(self) -> None:
        """
        A message that comes later than the client waits.
        """
        rule(self, {"behavior": "delay_message", "options": {"message": 3, "sleep": 60}})
        count = self.channel().unary_stream(f"/{SERVICE}/Count")
        stream = count(b"5", timeout=1)
        self.assertEqual([next(stream), next(stream)], [b"message 0", b"message 1"])
        self.assertEqual(self.failed(lambda: next(stream)).code(), CODE.DEADLINE_EXCEEDED)

    @inThread
    def test_deadline(self) -> None:
        """
        A call that is held for longer than its deadline; the backend never sees it.
        """
        rule(self, {"behavior": "exceed_deadline"})
        echo = self.channel().unary_unary(f"/{SERVICE}/Echo")
        error = self.failed(lambda: echo(b"x", timeout=0.3))
        self.assertEqual((error.code(), self.handler.calls), (CODE.DEADLINE_EXCEEDED, []))


class GrpclibTests(GRPCCase):
    """
    What C{grpclib} raises.
    """

    def echo(self) -> bytes:
        """
        The reply to a call.
        """

        async def call() -> bytes:
            host, _, port = self.proxy.address.rpartition(":")
            channel = Channel(host, int(port), codec=Plain())
            try:
                path = f"/{SERVICE}/Echo"
                asking = channel.request(
                    path, Cardinality.UNARY_UNARY, bytes, bytes, timeout=PATIENCE
                )
                async with asking as stream:
                    await stream.send_message(b"x", end=True)
                    reply = await stream.recv_message()
                return bytes(reply or b"")
            finally:
                channel.close()

        return asyncio.run(call())

    @inThread
    def test_errors(self) -> None:
        """
        A status, and a stream that is reset.
        """
        self.assertEqual(self.echo(), b"x")
        rule(self, fault({}, code="UNAVAILABLE", message="later"))
        error = self.assertRaises(GRPCError, self.echo)
        self.assertEqual((error.status, error.message), (Status.UNAVAILABLE, "later"))
        rule(self, fault({}, code="rst-stream:INTERNAL_ERROR"))
        self.assertRaises(StreamTerminatedError, self.echo)
        rule(self, fault({}, code="503"))
        self.assertEqual(self.assertRaises(GRPCError, self.echo).status, Status.UNAVAILABLE)
