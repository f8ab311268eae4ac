"""
What users and recorded runs rely on stays as it is: decisions of a seed, the JSON of REST,
the journal's entries, and the names on the command line.

C{tests/golden} holds what was recorded.  After a change that is meant, record it anew with
C{VAURIEN_RECORD=1 python -m twisted.trial tests.test_golden} and read the difference.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Asker, around
from tests.seen import SeenProxy
from vaurien_twisted.app.tap import Options
from vaurien_twisted.control.site import controlRoot

GOLDEN = Path(__file__).parent / "golden"

#: What clients ask, in place of the backend's greeting.
ASKED = {"direction": "client"}

#: Sets of rules whose decisions are recorded, by name.
RULES: dict[str, list[dict[str, Any]]] = {
    "shares": [
        {"behavior": "error", "percent": 20, "when": ASKED},
        {"behavior": "delay", "percent": 10, "when": ASKED},
    ],
    "alternatives": [
        {
            "draw": [
                {"behavior": "error", "percent": 15, "options": {"code": "busy"}, "when": ASKED},
                {"behavior": "hang", "percent": 5, "when": {"command": "SET"}},
                {"behavior": "delay", "percent": 30, "options": {"sleep": 0.5}, "when": ASKED},
            ]
        }
    ],
    "connections": [
        {"behavior": "error", "percent": 40, "scope": "connection", "when": {"key": "a*"}},
        {"behavior": "delay", "percent": 50, "after": 3, "times": 4, "name": "some", "when": ASKED},
    ],
    "transient": [{"behavior": "transient", "percent": 30, "when": ASKED}],
    "streams": [
        {"behavior": "corrupt", "percent": 60, "options": {"rate": 0.05}},
        {"behavior": "latency", "percent": 50, "options": {"latency": 100, "jitter": 80}},
        {"behavior": "loss", "percent": 50, "name": "line", "options": {"p": 0.3}},
        {"behavior": "slicer", "percent": 40, "options": {"average_size": 3, "delay": 9000}},
    ],
}

#: Words for people, which may become plainer.
WORDS = {"description", "unit"}


def converse(rules: list[dict[str, Any]]) -> dict[str, Any]:
    """
    Twelve clients that ask in turns: what each got and when, and the journal.
    """
    seen = SeenProxy(*rules)
    clients = [seen.connect() for _ in range(12)]
    got: list[list[Any]] = [[] for _ in clients]

    def collect() -> None:
        for of, client in zip(got, clients, strict=True):
            heard = client.wire.heard()
            if heard:
                of.append([round(seen.clock.seconds() - 43200, 6), heard.decode("latin-1")])

    for number in range(15):
        for place, client in enumerate(clients):
            command = ("GET", "SET", "DEL")[(number + place) % 3]
            asked = client.ask(f"{command} {'ab'[place % 2]}{number}\n".encode())
            for _ in range(asked.count(b"\n")):
                client.answer(b"+OK %d\n" % number)
        collect()
        seen.clock.advance(0.05)
        collect()
    seen.clock.pump([0.25] * 16)
    collect()
    journal = seen.journal.since()
    for entry in journal:
        # What a seed decides does not depend on these.
        for name in ("timing", "message"):
            entry.pop(name, None)
    return {"got": got, "journal": journal}


def withoutWords(told: Any) -> Any:
    """
    C{told} without what is written for people.
    """
    if isinstance(told, dict):
        return {name: withoutWords(each) for name, each in told.items() if name not in WORDS}
    if isinstance(told, list):
        return [withoutWords(each) for each in told]
    return told


class GoldenTests(SynchronousTestCase):
    """
    What is recorded is what is.
    """

    maxDiff = None

    def same(self, name: str, told: Any) -> None:
        """
        C{told} is what was recorded under C{name}.
        """
        path = GOLDEN / f"{name}.json"
        text = json.dumps(told, indent=1, sort_keys=True, default=str) + "\n"
        if os.environ.get("VAURIEN_RECORD"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        self.assertEqual(path.read_text(), text, f"{path.name}: see the head of this module")

    def test_seeds(self) -> None:
        """
        What a seed decides, byte for byte, and how the journal says it.
        """
        for name, rules in RULES.items():
            self.same(f"seed-{name}", converse(rules))

    def test_REST(self) -> None:
        """
        The answers of REST.
        """
        seen = SeenProxy(*RULES["shares"], {"behavior": "latency", "name": "slow"})
        clients = [seen.connect() for _ in range(3)]
        for number in range(12):
            for client in clients:
                for _ in range(client.ask(b"GET a%d\n" % number).count(b"\n")):
                    client.answer(b"+OK\n")
            seen.clock.advance(1)
        asker = Asker(controlRoot(around(seen.proxy)))
        told = {}
        for path in (
            "/behavior",
            "/behaviors",
            "/behaviors?verbose=1",
            "/backend",
            "/rules",
            "/state",
            "/connections",
            "/connections/1",
            "/journal?limit=5",
            "/explain?connection=1&exchange=2",
            "/protocols",
            "/proxies",
            "/proxies/proxy",
            "/proxies/proxy/toxics",
            "/nowhere",
        ):
            answer = asker.ask("GET", path)
            text = re.sub(r'"version": "[^"]*"', '"version": "V"', answer.body.decode())
            told[path] = [answer.status, withoutWords(json.loads(text))]
        for path, body in (
            ("/behavior", {"name": "delay", "sleep": 2}),
            ("/rules", [{"behavior": "error", "options": {"code": "busy"}, "percent": 5}]),
            ("/rules", [{"behavior": "errer"}]),
            ("/behavior", {"name": "delay", "slep": 2}),
        ):
            answer = asker.ask("PUT", path, body)
            told[f"PUT {path} {json.dumps(body)}"] = [answer.status, answer.json]
        told["/rules again"] = asker.ask("GET", "/rules").json
        metrics = asker.ask("GET", "/metrics").body.decode()
        told["/metrics"] = sorted(set(re.findall(r"^(\w+(?:\{[^}]*\})?) ", metrics, re.MULTILINE)))
        self.same("rest", told)

    def test_commandLine(self) -> None:
        """
        The names of the options, and which want a value.
        """
        usage = Options().getUsage(width=10000)
        self.same("command-line", sorted(re.findall(r"--[\w-]+=?", usage)))
