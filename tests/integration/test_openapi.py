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

from tests.integration.children import ChildCase, note, port
from tests.integration.openapi_names import BACKEND, URL, names
from vaurien_twisted.client.launcher import stop_proxy

#: How many requests there are in all, at least.  C{VAURIEN_CASES=10000} sends more, in parts.
CASES = int(os.environ.get("VAURIEN_CASES", "300"))

#: Tries of each operation in one part; there are fewer where an operation has few variants.
TRIES = 10 if CASES < 1000 else 40

#: The most parts, so that the test ends.
PARTS = 40

#: The most seconds of one part.
PART_TIME = 1200

#: What must hold of every answer.
CHECKS = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)

#: What a 5xx may begin with: Toxiproxy answers so if an address cannot be listened on.
CANNOT_LISTEN = '{"error": "listen tcp '

#: What new rules, toxics and leases are called half of the time, so that they can be asked for.
CALLED = {"RuleFields": ["slow"], "ToxicFields": ["noop"], "LeaseRequest": ["lease"]}

#: What is left out: its answer has no end.
LEFT_OUT = ("GET /events",)


def named(document: dict[str, Any]) -> dict[str, Any]:
    """
    The document, with the names that are there in place of any name.
    """
    for path, item in document["paths"].items():
        known = names(path)
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in known and parameter["in"] == "path":
                    parameter["schema"] = {"enum": known[parameter["name"]]}
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
        A few hundred requests, valid and not, to what is there.
        """
        count = 0
        found: list[bool] = []
        for seed in range(1, PARTS + 1):
            requests = self._part(seed)
            count += len(requests)
            failed = [entry["response"] for entry in requests if entry["response"]["status"] >= 500]
            for response in failed:
                self.assertIn(CANNOT_LISTEN, response["content"]["text"], f"seed {seed}")
            found += [
                entry["response"]["status"] != 404
                for entry in requests
                if re.search("/(proxies|rules|connections|leases)/", entry["request"]["url"])
            ]
            note(f"schemathesis: {count} cases, {sum(found)} of {len(found)} found their names")
            if count >= CASES:
                break
        self.assertGreaterEqual(count, CASES)
        # Names that are none are among what is not valid.
        self.assertGreater(sum(found), len(found) * 0.8)

    def _part(self, seed: int) -> list[dict[str, Any]]:
        """
        Have schemathesis send its requests to a new service, with a backend that accepts all.

        @return: the requests and their answers, as in a HAR file.
        """
        backend = self.listen()
        proxy = self.child(port(backend))
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
        command += ["--phases", "fuzzing", "--checks", ",".join(CHECKS), "--seed", str(seed)]
        command += ["--generation-database", "none", "--no-shrink"]
        command += ["--continue-on-failure", "--no-color"]
        command += ["--report", "har", "--report-har-path", "requests.har"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "PYTHONIOENCODING": "utf-8",
                "PYTHONPATH": os.pathsep.join(sys.path),
                "SCHEMATHESIS_HOOKS": "tests.integration.openapi_hooks",
                URL: proxy.http_url,
                BACKEND: f"127.0.0.1:{port(backend)}",
            },
            cwd=folder,
            check=False,
            timeout=PART_TIME,
        )
        stop_proxy(proxy)
        self.assertEqual(done.returncode, 0, f"seed {seed}:\n{done.stdout}{done.stderr}")
        requests: list[dict[str, Any]] = json.loads((folder / "requests.har").read_text())["log"][
            "entries"
        ]
        return requests
