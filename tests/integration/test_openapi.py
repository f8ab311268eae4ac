"""
C{/openapi.json} of a Vaurien in a process of its own, and schemathesis, which sends what the
document allows and what it does not.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.integration.children import ChildCase

#: Tries of each operation; there are about four in five of them, since many have few variants.
TRIES = 10

#: At least so many requests in all.
LEAST = 200

#: What must hold of every answer.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)

#: Names that are there, by the parameters of paths, so that requests reach what is behind them.
NAMES = {
    "/page/{name}": {"name": ["app.css", "main.js"]},
    "/protocols/{name}": {"name": ["tcp", "http", "mysql"]},
    "/leases/{name}": {"name": ["lease"]},
    "/connections/{number}": {"number": ["1"]},
    "/rules/{rule}": {"rule": ["delay", "slow"]},
    "/proxies/{name}": {
        "name": ["proxy", "one"],
        "rule": ["delay", "slow"],
        "toxic": ["latency_downstream", "noop"],
    },
}

#: What new rules, toxics and leases are called half of the time, so that they can be asked for.
CALLED = {"RuleFields": ["slow"], "ToxicFields": ["noop"], "LeaseRequest": ["lease"]}

#: What is left out: the answer of one has no end, and nothing could be asked after the other.
LEFT_OUT = ("GET /events", "DELETE /proxies/{name}")


def named(document: dict[str, Any]) -> dict[str, Any]:
    """
    The document, with the names that are there in place of any name.
    """
    for path, item in document["paths"].items():
        for begin, names in NAMES.items():
            if path.startswith(begin):
                for operation in item.values():
                    for parameter in operation.get("parameters", ()):
                        if parameter["in"] == "path":
                            parameter["schema"] = {"enum": names[parameter["name"]]}
    for schema, called in CALLED.items():
        members = document["components"]["schemas"][schema]["properties"]
        members["name"] = {"anyOf": [{"enum": called}, members["name"]]}
    return document


class SchemathesisTests(ChildCase):
    """
    No status, header or body that the document does not have, and no 5xx.
    """

    if find_spec("schemathesis") is None:
        skip = "schemathesis is not installed"

    def test_answers(self) -> None:
        """
        A few hundred requests, valid and not, to a service with a connection.
        """
        proxy, _, _ = self.pair()
        self.client(proxy).create_proxy(
            "one", "127.0.0.1:9", listen="127.0.0.1:0", toxics=[{"type": "latency"}]
        )
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        document = named(self.client(proxy).request("GET", "/openapi.json"))
        (folder / "openapi.json").write_text(json.dumps(document))
        # Else the configuration of a folder above would be used, if there is one.
        (folder / "schemathesis.toml").touch()
        command = [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json"]
        command += ["--url", proxy.http_url, "--max-examples", str(TRIES)]
        for name in LEFT_OUT:
            command += ["--exclude-name", name]
        command += ["--phases", "fuzzing", "--checks", ",".join(CHECKS)]
        command += ["--generation-deterministic", "--continue-on-failure", "--no-color"]
        command += ["--report", "har", "--report-har-path", "requests.har"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            cwd=folder,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        [count] = re.findall(r"(\d+) generated", done.stdout)
        self.assertGreater(int(count), LEAST)
        self._checkReached(json.loads((folder / "requests.har").read_text()))

    def _checkReached(self, requests: dict[str, Any]) -> None:
        """
        At least half of the requests about one proxy found what they name.
        """
        found = [
            entry["response"]["status"] != 404
            for entry in requests["log"]["entries"]
            if "/proxies/" in entry["request"]["url"]
        ]
        self.assertGreater(sum(found), len(found) / 2)
