"""
C{/openapi.json} of a Vaurien in a process of its own, and schemathesis, which sends what the
document allows and what it does not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.integration.children import ChildCase

#: Tries of each operation; there are about four in five of them, since many have few variants.
TRIES = 12

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

#: Names that are there, so that requests reach what is behind them.
CONFIG = """
[parameters]
"path.name" = ["proxy", "one", "mysql", "app.css", "lease"]
"path.toxic" = ["latency_downstream", "noop_downstream"]
"path.rule" = ["delay", "error", "hang"]
"path.number" = ["1"]
"""

#: What is left out: the answer of one has no end, and nothing could be asked after the other.
LEFT_OUT = ("GET /events", "DELETE /proxies/{name}")


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
        config = Path(self.mktemp()).absolute()
        config.write_text(CONFIG)
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)]
        command += ["run", f"{proxy.http_url}/openapi.json"]
        for name in LEFT_OUT:
            command += ["--exclude-name", name]
        command += ["--phases", "fuzzing", "--max-examples", str(TRIES), "--no-color"]
        command += ["--checks", ",".join(CHECKS), "--generation-deterministic"]
        command += ["--continue-on-failure"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            cwd=config.parent,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        [count] = re.findall(r"(\d+) generated", done.stdout)
        self.assertGreater(int(count), LEAST)
