"""
Express under load, in a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

import vaurien_twisted
from tests.integration.express_child import OTHER_FILES
from tests.integration.support import PATIENCE

#: How many are open at once, and how many come one after the other.
MANY, SHORT = 5000, 8000

#: What one end of a connection may take, in bytes: all of the process included.
PER_END = 16384

#: What may be left of all short connections, in bytes and in objects.
SLACK, OBJECTS = 2**20, 500


class LoadTests(SynchronousTestCase):
    """
    Many connections, and too many.
    """

    def run_(self, name: str, count: int, files: int) -> Any:
        """
        What the child has to say.

        @raise SkipTest: so many files cannot be opened.
        """
        if files > resource.getrlimit(resource.RLIMIT_NOFILE)[1]:
            raise SkipTest(f"{files} files cannot be opened here")
        root = os.path.dirname(os.path.dirname(vaurien_twisted.__file__))
        words = [name, str(count), str(files)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.integration.express_child", *words],
            capture_output=True,
            text=True,
            timeout=5 * PATIENCE,
            cwd=root,
        )
        self.assertTrue(done.stdout, done.stderr)
        return json.loads(done.stdout)

    def test_many(self) -> None:
        """
        5,000 connections are open at once, and all are served; they are small.
        """
        said = self.run_("many", MANY, 2 * MANY + OTHER_FILES)
        self.assertEqual(said["heard"], 2 * MANY)
        self.assertLess(said["perConnection"], PER_END)

    def test_short(self) -> None:
        """
        Nothing is left of 8,000 connections.
        """
        said = self.run_("short", SHORT, OTHER_FILES)
        self.assertLess(said["objects"], OBJECTS)
        self.assertLess(said["grown"], SLACK)

    def test_full(self) -> None:
        """
        Without file descriptors clients are closed instead of left waiting, and the
        server serves again when it has some.
        """
        said = self.run_("full", 20, OTHER_FILES)
        self.assertEqual((said["turned"], said["served"]), (20, "again"))
