"""
Tests with servers and clients of HTTP/2.
"""

from __future__ import annotations

import hashlib
import os
import re
from functools import cache
from pathlib import Path
from unittest import SkipTest

from tests.integration.servers import Server, answers, find, missing, newFolder, start
from tests.integration.support import ProxyCase, run
from tests.ports import freePort

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"

#: The files that the server has: their sizes in bytes.
FILES = {"one": 1, "small": 1000, "large": 4 * 2**20}


@cache
def nghttpd() -> Server:
    """
    The nghttpd of this run, without TLS; it serves L{FILES}.
    """
    folder, port = newFolder("nghttpd"), freePort()
    (folder / "files").mkdir()
    for name, size in FILES.items():
        (folder / "files" / name).write_bytes(os.urandom(size))
    command = [find("nghttpd") or "nghttpd", "--no-tls", "--address=127.0.0.1"]
    command += ["-d", str(folder / "files"), "--echo-upload", str(port)]
    return start(command, port, folder, lambda: answers(port, PREFACE))


class HTTP2Case(ProxyCase):
    """
    A proxy before nghttpd.
    """

    async def prepare(self) -> None:
        """
        Start nghttpd, and put a proxy before it.
        """
        reason = missing("nghttpd", "nghttp", "h2load", "curl")
        if reason or "HTTP2" not in run("curl", "--version").stdout:
            raise SkipTest(reason or "not installed: curl with HTTP/2")
        await self.open(nghttpd().backend, "http")

    @property
    def address(self) -> str:
        """
        Where the proxy listens.
        """
        return self.proxy.address

    def url(self, path: str) -> str:
        """
        The URL of a path, by way of the proxy.
        """
        return f"http://{self.address}/{path}"

    def file(self, name: str) -> Path:
        """
        A file of the server.
        """
        return nghttpd().folder / "files" / name

    def digest(self, name: str) -> str:
        """
        What a file's SHA-256 is.
        """
        return hashlib.sha256(self.file(name).read_bytes()).hexdigest()

    def curl(self, *words: str) -> tuple[int, str]:
        """
        What curl, in HTTP/2, ends with and writes.
        """
        ended = run("curl", "--silent", "--show-error", "--http2-prior-knowledge", *words)
        return ended.returncode, ended.stdout + ended.stderr

    def load(self, path: str, requests: int, streams: int) -> tuple[int, int]:
        """
        How many requests of h2load have succeeded, and how many have not.
        """
        ended = run("h2load", "-n", str(requests), "-c", "2", "-m", str(streams), self.url(path))
        found = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", ended.stdout)
        if found is None:
            raise AssertionError(ended.stdout + ended.stderr)
        succeeded, failed, errored = (int(each) for each in found.groups())
        return succeeded, failed + errored
