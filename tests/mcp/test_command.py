"""
Tests for L{vaurien_twisted.mcp.command}: the command line of C{vaurien mcp}.
"""

from __future__ import annotations

import contextlib
import io
import sys
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app.cli import main


class CommandTests(SynchronousTestCase):
    """
    What it says.
    """

    def run_(self, *arguments: str) -> tuple[object, str]:
        """
        The exit status, and what is printed.
        """
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            done = self.assertRaises(SystemExit, main, ["mcp", *arguments])
        return done.code, said.getvalue()

    def test_help(self) -> None:
        """
        Help has what to put into the configuration of an assistant.
        """
        status, said = self.run_("--help")
        self.assertEqual(status, 0)
        self.assertIn('"args": ["mcp"]', said)
        self.assertIn("VAURIEN_TOKEN", said)

    def test_refused(self) -> None:
        """
        What is wrong is said in one line.
        """
        status, said = self.run_("--url", "nowhere")
        self.assertEqual(status, 2)
        self.assertIn("'nowhere' is not a URL such as http://localhost:8080", said)

    def test_missing(self) -> None:
        """
        Without the package it says how to install it.
        """
        gone = {name: None for name in sys.modules if name.startswith("mcp.")} | {"mcp": None}
        with patch.dict(sys.modules, gone):
            sys.modules.pop("vaurien_twisted.mcp.server", None)
            status, said = self.run_()
        self.assertEqual(status, 2)
        self.assertIn("pip install '.[mcp]'", said)
