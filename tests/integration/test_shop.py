"""
The suite of the shop in the docs, with MariaDB and Redis.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pymysql
from twisted.trial.unittest import SynchronousTestCase

from tests.integration.mariadb import DATABASE, PASSWORD, USER, mariadb
from tests.integration.servers import missing, redis
from tests.pytest_plugin import PLUGIN
from tests.test_extending import childEnvironment

SHOP = Path(__file__).parents[2] / "docs/examples/shop"
TESTS = 10


class ShopTests(SynchronousTestCase):
    """
    Ten tests of a Flask application under faults.
    """

    skip = missing("mariadbd", "mariadb-install-db", "redis-server")

    def setUp(self) -> None:
        """
        A copy, which tests may change.
        """
        self.folder = Path(self.mktemp()).absolute()
        shutil.copytree(SHOP, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        address = {"host": "127.0.0.1", "port": mariadb().port, "user": USER}
        connection = pymysql.connect(**address, password=PASSWORD, database=DATABASE)
        with connection, connection.cursor() as cursor:
            # Other tests have one of other columns.
            cursor.execute("DROP TABLE IF EXISTS orders")

    def suite(self, report: str, *words: str) -> str:
        """
        Run the suite; what pytest said.
        """
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore"]
        command += ["-p", PLUGIN, "--vaurien-seed=7"]
        environment = childEnvironment()
        environment |= {"SHOP_MYSQL": mariadb().backend, "SHOP_REDIS": redis().backend}
        done = subprocess.run(
            [*command, f"--vaurien-report={report}", *words],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return done.stdout + done.stderr

    def decisions(self, report: str) -> dict[str, list[tuple[str, ...]]]:
        """
        What was done in each test.
        """
        found = {}
        for path in (self.folder / report).glob("*.jsonl"):
            for line in path.read_text().splitlines():
                told = json.loads(line)
                found[told["test"]] = [
                    (each["description"], each["rule"], each["effect"], each["reason"])
                    for each in told["journal"]
                    if each["kind"] == "decision"
                ]
        return found

    def test_ways(self) -> None:
        """
        In order, shuffled, side by side, and one alone: all pass, with the same decisions.
        """
        ways = {
            "order": ("-p", "no:randomly"),
            "shuffled": ("-p", "randomly"),
            "workers": ("-n", "4"),
        }
        seen = {}
        for name, words in ways.items():
            output = self.suite(name, *words)
            self.assertTrue(f"{TESTS} passed" in output, output[-3000:])
            seen[name] = self.decisions(name)
        self.assertEqual(len(seen["order"]), TESTS)
        self.assertEqual(seen["shuffled"], seen["order"])
        self.assertEqual(seen["workers"], seen["order"])
        alone = "test_shop.py::test_deadlocks_without_end"
        self.assertIn("1 passed", self.suite("alone", alone))
        self.assertEqual(self.decisions("alone"), {alone: seen["order"][alone]})

    def test_withoutRetry(self) -> None:
        """
        Without the retry the two tests of deadlocks fail, and the section names the request.
        """
        path = self.folder / "shop.py"
        path.write_text(path.read_text().replace("attempts=3", "attempts=1"))
        output = self.suite("broken", "-p", "no:randomly")
        failed = [line.split()[1] for line in output.splitlines() if line.startswith("FAILED ")]
        self.assertEqual(
            failed,
            [
                "test_shop.py::test_deadlock_is_retried",
                "test_shop.py::test_deadlocks_without_end",
            ],
        )
        self.assertRegex(output, r"decision: COM_QUERY UPDATE orders SET state = 'paid'")
