"""
Tests for L{vaurien_twisted.app.start}.
"""

from __future__ import annotations

import gc
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app import cli, start


class StartTests(SynchronousTestCase):
    """
    The garbage collector rests only while modules are loaded.
    """

    def test_main(self) -> None:
        """
        It rests when the command begins, and works again once that has settled, or ended.
        """
        seen = []

        def main() -> None:
            seen.append(gc.isenabled())
            raise SystemExit(3)

        self.patch(cli, "main", main)
        with self.assertRaises(SystemExit):
            start.main()
        self.assertEqual((seen, gc.isenabled()), ([False], True))

    def test_light(self) -> None:
        """
        Nothing of Twisted is loaded before.
        """
        code = "import sys, vaurien_twisted.app.start; print('twisted' in sys.modules)"
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        self.assertEqual(told.stdout.strip(), "False", told.stderr)

    def test_settled(self) -> None:
        """
        The proxy runs with the collector on.
        """
        gc.disable()
        self.addCleanup(gc.enable)
        thresholds = gc.get_threshold()
        self.addCleanup(gc.set_threshold, *thresholds)
        self.addCleanup(gc.unfreeze)
        cli._settleMemory()
        self.assertTrue(gc.isenabled())
