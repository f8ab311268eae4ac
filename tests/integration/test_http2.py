"""
HTTP/2 with nghttpd and nginx, and with nghttp, h2load and curl.
"""

from __future__ import annotations

import hashlib
import re
import threading
from unittest import skipIf

from tests.integration.http2_case import HTTP2Case, nghttpd
from tests.integration.ruling import decided, fault, rule
from tests.integration.servers import answers, find, missing, newFolder, start, startHTTP2
from tests.integration.support import inThread, run
from tests.ports import freePort

#: A rule that no request matches.
NEVER = fault({"path": "/nowhere/*"}, code=503)

#: The status of a response, as curl writes it.
STATUS = ("--output", "/dev/null", "--write-out", "%{http_version} %{http_code}")


class PassingTests(HTTP2Case):
    """
    What no rule concerns.
    """

    @inThread
    def test_load(self) -> None:
        """
        Many requests on many streams, without rules and with one that never matches.
        """
        for rules in ([], [NEVER]):
            rule(self, *rules)
            self.assertEqual(self.load("small", 3000, 100), (3000, 0))
        self.assertEqual((self.opaque(), decided(self)), ([], []))

    @inThread
    def test_bytes(self) -> None:
        """
        Bodies are the same in both directions, also while the rules change.
        """
        folder = newFolder("bodies")
        over = threading.Event()

        def change() -> None:
            while not over.is_set():
                for rules in ([], [NEVER], [NEVER, fault({"path": "/other"}, code=500)]):
                    rule(self, *rules)

        changing = threading.Thread(target=change)
        changing.start()
        try:
            for name in ("one", "large"):
                path = folder / name
                self.assertEqual(self.curl(self.url(name), "-o", str(path))[0], 0)
                got = hashlib.sha256(path.read_bytes()).hexdigest()
                self.assertEqual(got, self.digest(name))
                words = ["--data-binary", f"@{self.file(name)}", "-o", str(path)]
                self.assertEqual(self.curl(self.url("echo"), *words)[0], 0)
                self.assertEqual(hashlib.sha256(path.read_bytes()).hexdigest(), self.digest(name))
        finally:
            over.set()
            changing.join()

    @inThread
    def test_nginx(self) -> None:
        """
        nginx as the backend.
        """
        reason = missing("nginx")
        if reason:
            self.skipTest(reason)
        server = startHTTP2()
        self.addCleanup(server.stop)
        self.reopen(server.backend, "http")
        self.assertEqual(self.curl(self.url("two")), (0, "two"))
        rule(self, fault({"path": "/bad"}, code=503, body="no"))
        self.assertEqual(self.curl(self.url("bad")), (0, "no"))
        self.assertEqual(self.curl(self.url("two")), (0, "two"))
        self.assertEqual(self.load("two", 1000, 50), (1000, 0))

    @skipIf(missing("nghttpx"), "nghttpx is not installed")
    @inThread
    def test_upgrade(self) -> None:
        """
        curl asks nghttpx, which takes it, to go on in HTTP/2.
        """
        folder, port = newFolder("nghttpx"), freePort()
        words = [f"--frontend=127.0.0.1,{port};no-tls", "--workers=1", "--conf=/dev/null"]
        words.append(f"--backend=127.0.0.1,{nghttpd().port};;proto=h2")
        command = [find("nghttpx") or "nghttpx", *words]
        server = start(command, port, folder, lambda: answers(port, b"GET / HTTP/1.0\r\n\r\n"))
        self.addCleanup(server.stop)
        self.reopen(server.backend, "http")
        rule(self, fault({"path": "/bad"}, code=503))
        words = [*STATUS[2:3], "%{http_version} %{http_code},"]
        for path in ("one", "one", "bad"):
            words += [*STATUS[:2], self.url(path)]
        self.assertEqual(run("curl", "--silent", "--http2", *words).stdout, "2 200,2 200,2 503,")
        self.assertEqual((decided(self), self.opaque()), (["GET /bad"], []))


class FaultTests(HTTP2Case):
    """
    What curl and nghttp see of each fault.
    """

    @inThread
    def test_status(self) -> None:
        """
        A status, a body, and header fields.
        """
        rule(self, fault({"path": "/small"}, code=503, headers={"X-A": "b"}, body="no"))
        code, words = self.curl("-i", self.url("small"))
        self.assertEqual(code, 0)
        self.assertIn("HTTP/2 503", words)
        self.assertIn("x-a: b", words)
        self.assertTrue(words.endswith("no"), words)
        self.assertEqual(self.curl(*STATUS, self.url("one")), (0, "2 200"))
        self.assertEqual(decided(self), ["GET /small"])

    @inThread
    def test_upload(self) -> None:
        """
        An upload that is refused, before the backend gets it and after.
        """
        for at in ("request", "reply"):
            rule(self, fault({"path": "/echo"}, code=500, at=at))
            words = ["--data-binary", f"@{self.file('large')}"]
            code, said = self.curl(*words, *STATUS, self.url("echo"))
            self.assertEqual((code, said), (0, "2 500"))
            self.assertEqual(self.curl(*STATUS, self.url("one")), (0, "2 200"))

    @inThread
    def test_endings(self) -> None:
        """
        RST_STREAM by its code; GOAWAY.
        """
        for error, number in (("CANCEL", 8), ("INTERNAL_ERROR", 2), ("0xd", 13)):
            rule(self, fault(code=f"rst-stream:{error}"))
            said = run("nghttp", "--verbose", "--null-out", self.url("one")).stdout
            reset = rf"recv RST_STREAM [^\n]*\s+\(error_code=\w+\(0x{number:02x}\)"
            self.assertRegex(said, reset)
        rule(self, fault(code="rst-stream:INTERNAL_ERROR"))
        self.assertEqual(self.curl(*STATUS, self.url("one"))[0], 92)
        rule(self, fault(code="goaway"))
        said = run("nghttp", "--verbose", "--null-out", self.url("one")).stdout
        self.assertRegex(said, r"recv GOAWAY frame")
        self.assertRegex(said, r":status: 200")
        rule(self, {**fault(code="goaway-unprocessed"), "times": 1})
        # With which code depends on whether curl reads GOAWAY or the end of TCP first.
        self.assertNotEqual(self.curl(*STATUS, self.url("one"))[0], 0)
        self.assertEqual(self.curl(*STATUS, self.url("one")), (0, "2 200"))

    @inThread
    def test_cut(self) -> None:
        """
        A reply that is cut: curl misses the rest of it.
        """
        # The end of the stream contradicts Content-Length.
        rule(self, fault(at="partial", count=100))
        code, words = self.curl(*STATUS, self.url("small"))
        self.assertEqual(code, 92)
        self.assertIn("PROTOCOL_ERROR", words)
        rule(self, fault(at="partial", count=100, then="reset"))
        code, words = self.curl(*STATUS, self.url("small"))
        self.assertEqual(code, 92)
        self.assertIn("INTERNAL_ERROR", words)
        rule(self, fault(code="empty"))
        self.assertNotEqual(self.curl(self.url("small"))[0], 0)
        rule(self, fault(code="wrong-length"))
        self.assertIn(self.curl(self.url("small"))[0], (18, 92))

    @inThread
    def test_delay(self) -> None:
        """
        One stream waits; those behind it on the same connection do not.
        """
        delay = {"behavior": "delay", "options": {"sleep": 0.5}, "when": {"path": "/one"}}
        rule(self, delay)
        urls = [self.url("one"), *(self.url(f"small?{n}") for n in range(9))]
        said = run("nghttp", "--null-out", "--stat", *urls).stdout
        times = re.findall(r"([\d.]+)(us|ms|s)\s+(\d+)\s+\S+ /(\w+)", said)
        self.assertEqual(len(times), 10, said)
        self.assertEqual({status for _, _, status, _ in times}, {"200"})
        # Those that wait end last.
        self.assertEqual([path for *_, path in times], ["small"] * 9 + ["one"])

    @inThread
    def test_askedFor(self) -> None:
        """
        A fault that the request asks for.
        """
        self.reopen(nghttpd().backend, "http", protocolOptions={"obey_header": "yes"})
        asked = ["--header", "X-Vaurien-Behavior: error; code=503"]
        self.assertEqual(self.curl(*asked, *STATUS, self.url("one")), (0, "2 503"))
        self.assertEqual(self.curl(*STATUS, self.url("one")), (0, "2 200"))

    @inThread
    def test_hang(self) -> None:
        """
        Until the client has no more patience.
        """
        rule(self, {"behavior": "hang"})
        self.assertEqual(self.curl("--max-time", "0.3", self.url("one"))[0], 28)
