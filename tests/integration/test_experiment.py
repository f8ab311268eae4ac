"""
The experiment of the documentation, with a real MariaDB, the web application of the examples and
C{wrk}: held by the careful application, broken by the careless one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from twisted.trial.unittest import TestCase

from tests.integration.mariadb import PASSWORD, USER, mariadb
from tests.integration.servers import answers, missing, newFolder, poll, start
from tests.ports import freePort
from vaurien_twisted import Client, start_proxy, stop_proxy

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "docs" / "examples" / "experiments"

#: What is written otherwise here.  Times in which nothing happens are short.  Bounds are far from
#: what the careful application does, which waits for 0.3 s, so that a slow machine breaks none.
#: The ramp is so long that each connection of the careless one breaks the bound twice.
FITTED = {
    "hold: 15s": "hold: 4s",
    "hold: 12s": "hold: 6s",
    "below: 1s": "below: 1500ms",
    "to: 2s}, for: 6s": "to: 4s}, for: 12s",
    "below: 200ms": "below: 1500ms",
}


def vaurien(*words: str) -> list[str]:
    """
    The command C{vaurien} of this interpreter.
    """
    return [sys.executable, "-m", "vaurien_twisted", *words]


class ScenarioTests(TestCase):
    """
    C{vaurien run} with C{database.yaml}.
    """

    skip = missing("mariadbd", "mariadb", "wrk")

    def prepare(self, careless: bool) -> Path:
        """
        Start the application; its experiment's file is returned, with ports that are free.
        """
        server, ports = mariadb(), {name: freePort() for name in ("3307", "5000", "5001")}
        self.ports = ports
        text = (EXAMPLES / "database.yaml").read_text().replace("localhost", "127.0.0.1")
        for written, here in FITTED.items():
            self.assertIn(written, text)
            text = text.replace(written, here)
        for name, port in {**ports, "3306": server.port}.items():
            text = text.replace(f":{name}", f":{port}")
        folder = newFolder("shop")
        path = folder / "experiment.yaml"
        path.write_text(text)
        words = [sys.executable, str(EXAMPLES / "shop.py"), "--port", str(ports["5000"])]
        words += ["--database", f"127.0.0.1:{ports['3307']}"]
        words += ["--user", USER, "--password", PASSWORD]
        words += ["--careless"] if careless else []
        shop = start(words, ports["5000"], folder, lambda: _listens(ports["5000"]))
        self.addCleanup(shop.stop)
        return path

    def experiment(self, careless: bool) -> tuple[int, dict[str, Any], str]:
        """
        Run it; the exit status, the report and what was printed.
        """
        path = self.prepare(careless)
        reports = {name: path.with_suffix(f".{name}") for name in ("json", "html", "xml")}
        done = subprocess.run(
            vaurien(
                "run",
                str(path),
                *("--report", str(reports["json"])),
                *("--html", str(reports["html"])),
                *("--junit", str(reports["xml"])),
            ),
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        self.assertEqual(done.stderr, "")
        self.assertIn("<svg", reports["html"].read_text())
        suite = ElementTree.parse(reports["xml"]).getroot()[0]
        report = json.loads(reports["json"].read_text())
        self.assertEqual(int(suite.attrib["failures"]) > 0, report["outcome"] == "broken")
        return done.returncode, report, done.stdout

    def test_careful(self) -> None:
        """
        With timeouts and connections that are thrown away, the conditions hold.
        """
        status, report, printed = self.experiment(careless=False)
        self.assertEqual((status, report["outcome"]), (0, "held"), printed)
        self.assertIn("held", printed)
        self.assertGreater(len(report["journal"]), 0)

    def test_careless(self) -> None:
        """
        Without, they are broken, in the phases in which the database was slow or gone; the
        requests that were struck are named.
        """
        status, report, printed = self.experiment(careless=True)
        self.assertEqual((status, report["outcome"]), (1, "broken"), printed)
        judged = {each["phase"]: each for each in report["conditions"][0]["judged"]}
        self.assertEqual(judged["normal"]["outcome"], "held", printed)
        self.assertEqual(judged["slower"]["outcome"], "broken", printed)
        self.assertTrue(judged["slower"]["breaches"])
        self.assertTrue(judged["slower"]["entries"])
        struck = [e for e in report["journal"] if e["id"] in judged["slower"]["entries"]]
        self.assertIn("SELECT", printed, struck[:5])

    def test_interrupted(self) -> None:
        """
        SIGINT ends an experiment, its load and its proxies; nothing stays.
        """
        path = self.prepare(careless=False)
        with subprocess.Popen(
            vaurien("run", str(path)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
        ) as child:
            self.addCleanup(_end, child)
            poll(lambda: answers(self.ports["3307"]), 30, "the proxy")
            time.sleep(0.5)
            child.send_signal(signal.SIGINT)
            printed, said = child.communicate(timeout=30)
        self.assertEqual((child.returncode, said), (3, ""), printed)
        self.assertIn("halted: it was interrupted", printed)
        self.assertFalse(answers(self.ports["3307"]))


class LeaseTests(TestCase):
    """
    C{vaurienctl experiment run}, whose process is killed.
    """

    def test_killed(self) -> None:
        """
        Whatever phase it is in, all that it set is lifted when its lease ends; what was there
        before stays.
        """
        proxy = start_proxy(proxy_port=0, http_port=0, backend_port=freePort())
        self.addCleanup(stop_proxy, proxy)
        client = Client(url=proxy.http_url)
        client.set_rules([{"behavior": "delay", "name": "before"}])

        def state() -> tuple[object, ...]:
            (told,) = client.state()["proxies"]
            return len(told["rules"]), told["toxics"], told["enabled"], told["upstream"]

        before = state()
        for method in (
            "{parallel: [{set: {behavior: hang}, for: 60s}, "
            "{set: {toxics: [{type: latency, attributes: {latency: 9}}]}, for: 60s}, "
            "{ramp: {behavior: delay, option: sleep, from: 1, to: 2}, for: 60s}, "
            "{wave: {behavior: error, option: percent, low: 1, high: 9, period: 9s}, for: 60s}]}",
            "{restart: {down: 60s}}",
            "{flap: {up: 1ms, down: 60s}, for: 60s}",
            "{set: {enabled: false}, for: 60s}",
            "{set: {backend: 'localhost:9'}}, {hold: 60s}",
        ):
            path = Path(self.mktemp())
            path.write_text(
                f"proxies: {{proxy: }}\npolicy: {{lease: 1s, every: 200ms}}\nmethod: [{method}]\n"
            )
            child = subprocess.Popen(
                [
                    *(sys.executable, "-c", "from vaurien_twisted.ctl.main import main; main()"),
                    *("experiment", "run", str(path), "--target", client.url),
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
            )
            self.addCleanup(_end, child)
            poll(lambda: state() != before, 30, "the fault")
            time.sleep(0.2)
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            poll(lambda: state() == before, 10, f"the end of the lease: {method}")
            poll(lambda: client.request("GET", "/experiment")["experiment"] is None, 10, "its end")
            self.assertEqual(client.request("GET", "/experiment")["past"][-1]["outcome"], "lost")


def _listens(port: int) -> bool:
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
