"""
Tests for C{vaurien run --replay}: experiments are repeated in processes of their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from twisted.trial.unittest import TestCase

from tests.integration.test_experiment import vaurien
from tests.ports import freePort

#: A server that answers with an empty page, and a client that asks on one connection.
SERVER = """\
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_POST = do_GET
    def log_message(self, *words):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
CLIENT = """\
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
for word in sys.argv[2:]:
    method, path = word.split(":")
    connection.request(method, path)
    connection.getresponse().read()
"""


class ReplayTests(TestCase):
    """
    Requests to an HTTP server.
    """

    def setUp(self) -> None:
        """
        Start the server.
        """
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        (self.folder / "client.py").write_text(CLIENT)
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        self.addCleanup(self.end, server)
        assert server.stdout is not None
        self.backend = int(server.stdout.readline())

    def end(self, server: subprocess.Popen[bytes]) -> None:
        """
        End the server.
        """
        with server:
            server.kill()

    def write(self, fault: str, words: list[str], hypothesis: str, name: str = "run.yaml") -> Path:
        """
        An experiment in which a client asks under a fault.
        """
        listen = freePort()
        path = self.folder / name
        client = [sys.executable, str(self.folder / "client.py"), str(listen), *words]
        path.write_text(
            textwrap.dedent(
                f"""\
                seed: 11
                proxies:
                  web: {{listen: "127.0.0.1:{listen}", backend: "127.0.0.1:{self.backend}",
                        protocol: http}}
                policy: {{every: 100ms}}
                hypothesis: [{hypothesis}]
                method:
                  - {{name: storm, set: {{{fault}}}}}
                  - run: {json.dumps(client)}
                """
            )
        )
        return path

    def run_(self, *words: str) -> tuple[int, dict[str, Any], str]:
        """
        Run C{vaurien run}: its exit status, its report, what it printed.
        """
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        done = subprocess.run(
            vaurien("run", *words, "--report", str(report)),
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        self.assertEqual(done.stderr, "")
        return done.returncode, json.loads(report.read_text()), done.stdout

    def keep(self, report: dict[str, Any]) -> str:
        """
        Write a report where the next run does not replace it.
        """
        path = self.folder / "kept.json"
        path.write_text(json.dumps(report))
        return str(path)

    def taken(self, report: dict[str, Any]) -> list[object]:
        """
        The decisions of a report, without their times.
        """
        decisions = report["decisions"]
        found = [[*each[:4], *each[6:], decisions["rules"][each[5]]] for each in decisions["taken"]]
        return sorted(found, key=str)

    def test_same(self) -> None:
        """
        Two runs agree in every decision.  So does a replay, whose own report can be replayed;
        requests that changed or did not come are told.
        """
        words = [f"GET:/{number}" for number in range(50)]
        fault = "rules: [{behavior: error, percent: 30}, {behavior: transient, percent: 20}]"
        path = self.write(fault, words, "{rate: 1}")
        _, first, _ = self.run_(str(path))
        _, second, _ = self.run_(str(path))
        count = len(first["decisions"]["taken"])
        self.assertGreater(count, 10)
        self.assertEqual(self.taken(first), self.taken(second))
        _, again, printed = self.run_("--replay", self.keep(first))
        self.assertEqual(
            again["replay"], {"decisions": count, "repeated": count, "changed": [], "absent": []}
        )
        self.assertEqual(self.taken(again), self.taken(first))
        self.assertIn(f"{count} of {count} decisions were repeated", printed)
        changed = [*words[:20], *(f"GET:/other/{number}" for number in range(20, 40))]
        other = self.write(fault, changed, "{rate: 1}", "other.yaml")
        _, partly, _ = self.run_(str(other), "--replay", self.keep(again))
        replay = partly["replay"]
        came = [each for each in first["decisions"]["taken"] if each[2] <= 20]
        self.assertEqual(replay["repeated"], len(came))
        self.assertEqual(replay["repeated"] + len(replay["changed"]) + len(replay["absent"]), count)
        self.assertTrue(replay["changed"] and replay["absent"], replay)
        self.assertIn("/other/", replay["changed"][0])

    def test_bisect(self) -> None:
        """
        Of sixteen faults, the one that breaks the hypothesis is found.
        """
        words = [f"GET:/{number}" for number in range(16)]
        words[10] = "POST:/pay"
        path = self.write("behavior: error", words, "{errors: 0, command: POST}")
        status, report, _ = self.run_(str(path))
        self.assertEqual((status, report["outcome"]), (1, "broken"))
        self.assertEqual(len(report["decisions"]["taken"]), 16)
        status, found, printed = self.run_("--replay", self.keep(report), "--bisect")
        self.assertEqual((status, found["outcome"]), (1, "broken"))
        (guilty,) = found["bisect"]["faults"]
        self.assertIn("POST /pay", guilty)
        self.assertLessEqual(found["bisect"]["runs"], 11)
        self.assertIn("broken by 1 of 16 faults", printed)

    def test_nothing(self) -> None:
        """
        Where the hypothesis holds there is nothing to find.
        """
        path = self.write("behavior: error", ["GET:/"], "{rate: 0}")
        _, report, _ = self.run_(str(path))
        done = subprocess.run(
            vaurien("run", "--replay", self.keep(report), "--bisect"),
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        self.assertEqual(done.returncode, 3)
        self.assertIn("was not broken again", done.stdout)

    def test_usage(self) -> None:
        """
        A report that is none, one without decisions, and a bisection of nothing.
        """
        bad, empty = self.folder / "bad.json", self.folder / "empty.json"
        bad.write_text("{}")
        empty.write_text('{"conditions": [], "outcome": "held", "seed": 1}')
        for words, said in (
            (["--replay", str(bad)], "not the report"),
            (["--replay", str(empty)], "decisions"),
            (["--bisect"], "--replay REPORT"),
            ([], "give FILE, or --replay REPORT"),
        ):
            done = subprocess.run(
                vaurien("run", *words), capture_output=True, text=True, timeout=60
            )
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(said, done.stderr)
