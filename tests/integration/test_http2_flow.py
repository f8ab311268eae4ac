"""
C{max_streams} and C{slow_window}: what clients of HTTP/2 and gRPC make of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import grpc
import httpx

from tests.integration.grpc_case import SERVICE, GRPCCase
from tests.integration.http2_case import FILES, HTTP2Case
from tests.integration.ruling import decided, rule
from tests.integration.support import PATIENCE, inThread, run

CODE = grpc.StatusCode


def limited(**options: object) -> dict[str, object]:
    """
    The rule that limits streams.
    """
    return {"behavior": "max_streams", "options": options}


def slow(**options: object) -> dict[str, object]:
    """
    The rule that keeps credit back.
    """
    return {"behavior": "slow_window", "options": options}


class LimitTests(HTTP2Case):
    """
    C{max_streams} with httpx and h2load.
    """

    def together(self, count: int) -> Counter[str]:
        """
        What C{count} requests of httpx end with that it sends at once on one connection.
        """

        async def ask() -> Counter[str]:
            one = httpx.Limits(max_connections=1)
            async with httpx.AsyncClient(
                http1=False, http2=True, limits=one, timeout=PATIENCE
            ) as client:
                asked = (client.get(self.url("one")) for _ in range(count))
                met = await asyncio.gather(*asked, return_exceptions=True)
            return Counter(
                str(each.status_code) if isinstance(each, httpx.Response) else type(each).__name__
                for each in met
            )

        return asyncio.run(ask())

    @inThread
    def test_httpx(self) -> None:
        """
        It queues what is too much if it is told, and has requests refused if not.
        """
        rule(self, limited(count=2))
        self.assertEqual(self.together(20), {"200": 20})
        self.assertEqual(decided(self), [])
        rule(
            self, limited(count=2, announce=False), {"behavior": "delay", "options": {"sleep": 0.5}}
        )
        met = self.together(20)
        self.assertEqual(set(met), {"200", "RemoteProtocolError"})

    @inThread
    def test_none(self) -> None:
        """
        httpx cannot ask at all where it may have no stream.
        """
        rule(self, limited(count=0))
        met = self.together(3)
        self.assertLessEqual(set(met), {"LocalProtocolError", "RemoteProtocolError"})

    @inThread
    def test_h2load(self) -> None:
        """
        It begins before it has read SETTINGS; what comes later keeps to them.
        """
        rule(self, limited(count=60))
        ended = run("h2load", "-n", "500", "-c", "1", "-m", "100", self.url("one")).stdout
        self.assertIn("500 done", ended)
        failed = int(ended.partition(" succeeded, ")[2].split()[0])
        self.assertLessEqual(failed, 40)


class WindowTests(HTTP2Case):
    """
    C{slow_window} with curl, nghttp, httpx and h2load.
    """

    @inThread
    def test_download(self) -> None:
        """
        A download stops after the client's first window, and goes on when the credit comes.
        """
        rule(self, slow(seconds=0.1))
        ended = run("h2load", "-w", "16", "-n", "4", "-c", "1", "-m", "4", self.url("large")).stdout
        self.assertIn("4 succeeded, 0 failed", ended)
        rule(self, {**slow(), "when": {"path": "/large"}})
        # The window of curl is larger than the file.
        size = "%{size_download}"
        words = ["--output", "/dev/null", "--write-out", size, self.url("large")]
        self.assertEqual(self.curl(*words), (0, str(FILES["large"])))
        said = run("nghttp", "-v", "-n", "-w", "16", "-t", "400ms", self.url("large")).stdout
        self.assertEqual(self.received(said), 65535)
        urls = [self.url("large"), self.url("small")]
        said = run("nghttp", "-v", "-n", "-w", "16", "-W", "20", "-t", "400ms", *urls).stdout
        self.assertEqual(self.received(said), 65535 + FILES["small"])

    @inThread
    def test_httpx(self) -> None:
        """
        httpx has got its first window when its patience is over.
        """
        rule(self, slow())
        got = 0
        with (
            httpx.Client(http1=False, http2=True, timeout=0.5) as client,
            client.stream("GET", self.url("large")) as reply,
            self.assertRaises(httpx.ReadTimeout),
        ):
            for part in reply.iter_raw():
                got += len(part)
        self.assertEqual(got, 65535)

    def received(self, said: str) -> int:
        """
        How many bytes of DATA C{nghttp} has got.
        """
        frames = [line for line in said.splitlines() if "recv DATA frame" in line]
        return sum(int(line.partition("length=")[2].split(",")[0]) for line in frames)

    @inThread
    def test_upload(self) -> None:
        """
        So does an upload: curl has sent the first window of the server when its time is over.
        """
        words = ["--data-binary", f"@{self.file('large')}", "--output", "/dev/null"]
        words += ["--write-out", "%{size_upload} %{http_code}", self.url("echo")]
        rule(self, slow(direction="upstream"))
        code, said = self.curl("--max-time", "0.5", *words)
        self.assertEqual((code, said.split()[0]), (28, "65535"))
        rule(self, slow(direction="upstream", seconds=0.1))
        self.assertEqual(self.curl(*words), (0, f"{FILES['large']} 200"))


class CallTests(GRPCCase):
    """
    Both with C{grpcio}.
    """

    @inThread
    def test_limited(self) -> None:
        """
        Calls that are too many are queued if the client is told; else they are UNAVAILABLE.
        """
        echo = f"/{SERVICE}/Slow"
        for announce in (True, False):
            rule(self, limited(count=2, announce=announce))
            call = self.channel().unary_unary(echo)
            codes = [
                each.code() for each in [call.future(b"0.1", timeout=PATIENCE) for _ in "123456"]
            ]
            if announce:
                self.assertEqual(codes, [CODE.OK] * 6)
            else:
                self.assertEqual(set(codes), {CODE.OK, CODE.UNAVAILABLE})

    @inThread
    def test_window(self) -> None:
        """
        A stream of messages stops after the client's window until its deadline; other calls of the
        same channel go on.
        """
        count = f"/{SERVICE}/Count"
        rule(self, {**slow(), "when": {"method": "Count"}})
        channel = self.channel()
        asked = channel.unary_stream(count)(b"100000", timeout=1)
        echo = channel.unary_unary(f"/{SERVICE}/Echo")
        got = 0
        try:
            for _ in asked:
                got += 1
                if not got % 1000:
                    self.assertEqual(echo(b"x", timeout=PATIENCE), b"x")
        except grpc.RpcError as error:
            self.assertEqual(error.code(), CODE.DEADLINE_EXCEEDED)
        self.assertTrue(0 < got < 100_000, got)
        rule(self, slow(seconds=0.1))
        asked = self.channel().unary_stream(count)(b"20000", timeout=PATIENCE)
        self.assertEqual(len(list(asked)), 20_000)
