"""
Runs the tests of the plugin, which are pytest's, with its pytester.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.test_extending import childEnvironment

SUITE = Path(__file__).with_name("suite.py")


class PluginTests(SynchronousTestCase):
    """
    The plugin of pytest.
    """

    def test_suite(self) -> None:
        """
        All of them pass.
        """
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
        ]
        folder = self.mktemp()
        done = subprocess.run(
            [*command, f"--basetemp={folder}", str(SUITE)],
            env=childEnvironment(),
            capture_output=True,
            text=True,
            timeout=600,
        )
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])
