"""
Clients of HTTP and gRPC, and in a word or two what each of them meets.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import grpc
import httpx
from grpclib.client import Channel
from grpclib.const import Cardinality

from tests.integration.grpc_case import PLAIN, SERVICE, Plain
from tests.integration.raised import FINE
from tests.integration.support import PATIENCE, run

#: How long a client waits, in seconds, where it is to give up.
SHORT = 0.4


def curl(*words: str) -> Callable[[str, float], str]:
    """
    curl: the code that it ends with if that is not 0, else the status.
    """

    def meet(url: str, patience: float) -> str:
        write = ["--output", "/dev/null", "--write-out", "%{http_code}"]
        ended = run("curl", "--silent", "--max-time", str(patience), *words, *write, url)
        return str(ended.returncode) if ended.returncode else ended.stdout

    return meet


def asked(http2: bool) -> Callable[[str, float], str]:
    """
    httpx: the name of what it raises, or the status.
    """

    def meet(url: str, patience: float) -> str:
        timeout = httpx.Timeout(PATIENCE, read=patience)
        with httpx.Client(http1=not http2, http2=http2, timeout=timeout, verify=False) as client:
            try:
                return str(client.get(url).status_code)
            except Exception as error:
                return type(error).__name__

    return meet


def nghttp(url: str, patience: float) -> str:
    """
    C{nghttp}: RST_STREAM or GOAWAY with its code, the status of a whole reply, C{timeout}, or
    C{failed}.
    """
    limit = f"--timeout={1000 * patience:.0f}ms"
    said = run("nghttp", "--verbose", "--null-out", limit, url)
    told = said.stdout + said.stderr
    flags = re.findall(r"recv (?:DATA|HEADERS) frame <length=\d+, flags=0x(\w\w)", told)
    if any(int(each, 16) & 1 for each in flags):
        return "".join(re.findall(r":status: (\d+)", told)[-1:])
    ended = re.search(r"recv (RST_STREAM|GOAWAY) frame[^\[]*error_code=(\w+)\(", told)
    if ended is not None:
        return f"{ended[1]} {ended[2]}"
    return "timeout" if "Timeout" in told else "failed"


def grpcio(address: str, patience: float) -> str:
    """
    C{grpcio}: the status of a call whose reply is a stream.
    """
    with grpc.insecure_channel(address, options=PLAIN) as channel:
        call = channel.unary_stream(f"/{SERVICE}/Count")
        try:
            for _ in call(b"5", timeout=patience):
                pass
        except grpc.RpcError as error:
            return str(error.code().name)
    return FINE


def grpclib(address: str, patience: float) -> str:
    """
    C{grpclib}: the name of what it raises, with the status.
    """

    async def meet() -> str:
        host, _, port = address.rpartition(":")
        channel = Channel(host, int(port), codec=Plain())
        kind = Cardinality.UNARY_STREAM
        asked = channel.request(f"/{SERVICE}/Count", kind, bytes, bytes, timeout=patience)
        try:
            async with asked as stream:
                await stream.send_message(b"5", end=True)
                while await stream.recv_message() is not None:
                    pass
        except Exception as error:
            status = getattr(error, "status", None)
            return f"{type(error).__name__} {status.name}" if status else type(error).__name__
        finally:
            channel.close()
        return FINE

    return asyncio.run(meet())


#: The clients by name.
CLIENTS: dict[str, Callable[[str, float], str]] = {
    "curl, 1.1": curl("--http1.1"),
    "curl, 2": curl("--http2-prior-knowledge"),
    "httpx, 1.1": asked(False),
    "httpx, 2": asked(True),
    "nghttp": nghttp,
}

#: Those of gRPC.
CALLERS: dict[str, Callable[[str, float], str]] = {"grpcio": grpcio, "grpclib": grpclib}
