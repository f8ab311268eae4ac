"""
A server of gRPC, and clients for it: C{grpcio}, with bytes for messages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from tests.integration.support import PATIENCE, ProxyCase

#: How a call is named.
SERVICE = "shop.Orders"

#: Options of a channel: no proxy of the environment, and no connection that others use, too.
PLAIN = (("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1))


class Handler:
    """
    A C{grpc.GenericRpcHandler}.  The methods: C{Echo}, C{Count} (as many messages as asked
    for), C{Sum} (of the client's messages), C{Chat} (repeats each message), C{Slow} (takes as
    many seconds as asked for).
    """

    def __init__(self) -> None:
        self.calls: list[str] = []

    def service(self, details: Any) -> Any:
        """
        The handler of a call.
        """
        name = details.method.rpartition("/")[2]
        self.calls.append(name)
        kinds = {
            "Echo": (grpc.unary_unary_rpc_method_handler, lambda ask, context: ask),
            "Count": (grpc.unary_stream_rpc_method_handler, _count),
            "Sum": (grpc.stream_unary_rpc_method_handler, lambda asks, context: b"".join(asks)),
            "Chat": (grpc.stream_stream_rpc_method_handler, lambda asks, context: iter(asks)),
            "Slow": (grpc.unary_unary_rpc_method_handler, _slow),
        }
        if name not in kinds:
            return None
        make, handle = kinds[name]
        return make(handle)


def _count(ask: bytes, context: Any) -> Iterator[bytes]:
    return (b"message %d" % number for number in range(int(ask)))


def _slow(ask: bytes, context: Any) -> bytes:
    time.sleep(float(ask))
    return ask


class GRPCCase(ProxyCase):
    """
    A proxy before a server of gRPC.
    """

    async def prepare(self) -> None:
        """
        Start both.
        """
        self.handler = Handler()
        server = grpc.server(ThreadPoolExecutor(8), handlers=[self.handler], options=PLAIN)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self.addCleanup(lambda: server.stop(None) and None)
        await self.open(f"127.0.0.1:{port}", "http")

    def channel(self, *options: tuple[str, Any]) -> grpc.Channel:
        """
        A channel to the proxy, for the time of the test.
        """
        channel = grpc.insecure_channel(self.proxy.address, options=(*PLAIN, *options))
        self.addCleanup(channel.close)
        return channel

    def call(self, method: str, ask: bytes = b"x", *options: tuple[str, Any]) -> bytes:
        """
        The reply to a call on a channel of its own.
        """
        with grpc.insecure_channel(self.proxy.address, options=(*PLAIN, *options)) as channel:
            called = channel.unary_unary(f"/{SERVICE}/{method}")
            return bytes(called(ask, timeout=PATIENCE))

    def failed(self, call: Callable[[], object]) -> grpc.RpcError:
        """
        What a call fails with.
        """
        try:
            call()
        except grpc.RpcError as error:
            return error
        raise AssertionError("the call has not failed")


class Plain:
    """
    The codec of C{grpclib} for messages that are bytes.
    """

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        """
        As they are.
        """
        return bytes(message)

    def decode(self, data: bytes, message_type: Any) -> bytes:
        """
        As they are.
        """
        return data
