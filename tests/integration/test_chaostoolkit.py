"""
The experiment of the docs for Chaos Toolkit, with its command C{chaos}, a real MariaDB and the web
application of the examples: completed with the careful application, deviated with the careless
one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.integration.mariadb import PASSWORD, USER, mariadb
from tests.integration.servers import answers, missing, newFolder, start
from tests.integration.support import PATIENCE, optional
from tests.ports import freePort
from tests.test_extending import childEnvironment
from vaurien_twisted import Client, start_proxy, stop_proxy

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
#: What the application answers once it listens.
ASKED = b"GET / HTTP/1.0\r\n\r\n"

EXPERIMENT = EXAMPLES / "chaostoolkit" / "database.yaml"
#: What is written otherwise here: the careful application waits for 0.3 s, and a slow machine must
#: not break the tolerance.
FITTED = {"timeout: 1}": "timeout: 5}", "sleep: 2s": "sleep: 8s"}


class ChaosRunTests(SynchronousTestCase):
    """
    C{chaos run}.
    """

    skip = missing("mariadbd", "mariadb") or (
        None if optional("chaostoolkit") else "chaostoolkit is not installed"
    )

    def journal(self, *words: str) -> dict[str, Any]:
        """
        Run the experiment with the application; its journal.

        @param words: of the application.
        """
        backend = mariadb()
        proxy = start_proxy(
            proxy_port=0,
            http_port=0,
            protocol="mysql",
            backend_host="127.0.0.1",
            backend_port=backend.port,
            options=["--name", "db"],
            log_output=str(Path(self.mktemp()).absolute()),
        )
        self.addCleanup(stop_proxy, proxy)
        port, folder = freePort(), newFolder("chaos")
        command = [sys.executable, str(EXAMPLES / "experiments" / "shop.py"), "--port", str(port)]
        command += ["--database", proxy.proxy_address, "--user", USER, "--password", PASSWORD]
        shop = start([*command, *words], port, folder, lambda: answers(port, ASKED))
        self.addCleanup(shop.stop)
        environment = childEnvironment()
        environment |= {"VAURIEN_URL": str(proxy.http_url)}
        environment |= {"SHOP_URL": f"http://127.0.0.1:{port}/"}
        text = EXPERIMENT.read_text()
        for written, here in FITTED.items():
            self.assertIn(written, text)
            text = text.replace(written, here)
        experiment = folder / EXPERIMENT.name
        experiment.write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "chaostoolkit", "run", str(experiment)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
        self.assertEqual(Client(url=proxy.http_url).get_rules(), [{"behavior": "dummy"}])
        path = folder / "journal.json"
        self.assertTrue(path.exists(), done.stdout + done.stderr)
        journal: dict[str, Any] = json.loads(path.read_text())
        return journal

    def test_careful(self) -> None:
        """
        With a timeout it is completed; the fault struck, as the journal of Vaurien says, too.
        """
        journal = self.journal()
        self.assertEqual((journal["status"], journal["deviated"]), ("completed", False))
        [rollback] = journal["rollbacks"]
        self.assertEqual(rollback["status"], "succeeded")
        self.assertGreater(rollback["output"]["struck"], 0)
        decided = [e for e in journal["vaurien"][0]["journal"] if e["kind"] == "decision"]
        self.assertIn("SELECT", decided[0]["description"])

    def test_careless(self) -> None:
        """
        Without one it has deviated.
        """
        journal = self.journal("--careless")
        self.assertTrue(journal["deviated"])
        self.assertFalse(journal["steady_states"]["after"]["steady_state_met"])
