"""
Tests for C{vaurienctl journal}.
"""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

from tests.ctl.test_main import Served
from vaurien_twisted.ctl.journal import KINDS, colored


class JournalTests(Served):
    """
    A journal with entries of several kinds.
    """

    async def setUp(self) -> None:
        """
        Five entries, of which the first is an hour old.
        """
        await super().setUp()
        journal = self.proxy.journal
        now = time.time()
        self.patch(journal, "_seconds", lambda: now - 3600)
        journal.record("decision", "proxy", 1, exchange=1, rule="20:error", effect="503")
        self.patch(journal, "_seconds", lambda: now)
        journal.record("decision", "proxy", 2, exchange=1, rule="mine 100:hang", effect="hold")
        journal.record("unreachable", "proxy", 2, reason="refused")
        journal.record("decision", "web", 2, exchange=1, rule="20:error", effect="503")
        journal.record("set", "web", 0, what="rules", effect="dummy")

    async def ids(self, *words: str) -> list[int]:
        """
        The entries that are shown.
        """
        status, out, err = await self.ctl("journal", *words)
        self.assertEqual((status, bool(err)), (0, not out))
        return [json.loads(line)["id"] for line in out.splitlines()]

    async def test_chosen(self) -> None:
        """
        Each filter, and several together.
        """
        self.assertEqual(await self.ids(), [1, 2, 3, 4, 5])
        self.assertEqual(await self.ids("--last", "2"), [4, 5])
        self.assertEqual(await self.ids("--rule", "error"), [1, 4])
        self.assertEqual(await self.ids("--rule", "mine"), [2])
        self.assertEqual(await self.ids("--proxy", "web"), [4, 5])
        self.assertEqual(await self.ids("--connection", "2"), [2, 3, 4])
        self.assertEqual(await self.ids("--kind", "decision"), [1, 2, 4])
        self.assertEqual(await self.ids("--kind", "decision", "--last", "1"), [4])
        self.assertEqual(await self.ids("--since", "3"), [4, 5])
        self.assertEqual(await self.ids("--since", "5m"), [2, 3, 4, 5])
        self.assertEqual(await self.ids("--since", "2h", "--rule", "error"), [1, 4])
        self.assertEqual(await self.ids("--proxy", "nobody"), [])

    async def test_json(self) -> None:
        """
        The chosen ones, and the newest id there is.
        """
        _, out, _ = await self.ctl("--json", "journal", "--rule", "mine")
        told = json.loads(out)
        self.assertEqual(([each["id"] for each in told["journal"]], told["last"]), ([2], 5))

    async def test_terminal(self) -> None:
        """
        Lines with the time.
        """
        _, out, _ = await self.ctl("journal", "--last", "1", terminal=True)
        self.assertRegex(out, r"^\d\d:\d\d:\d\d  5  web: set: dummy\n$")

    async def test_wrong(self) -> None:
        """
        Neither an id nor a time; no number.
        """
        for words in (("--since", "soon"), ("--last", "0"), ("--connection", "x")):
            status, _, err = await self.ctl("journal", *words)
            self.assertEqual(status, 2)
            self.assertIn(f"{words[1]!r} is n", err)

    def test_kinds(self) -> None:
        """
        The kinds are those that the documentation lists.
        """
        text = (Path(__file__).parents[2] / "docs" / "observing.rst").read_text("utf-8")
        table = text[text.index("``decision``     a fault") :].partition("\n=====")[0]
        self.assertEqual(re.findall("^``([a-z]+)``", table, re.MULTILINE), list(KINDS))

    async def test_nothing(self) -> None:
        """
        If no entry matches because of a name, the nearest name is printed.
        """
        for words, reason in (
            (("--kind", "decison"), "of the kind 'decison': did you mean 'decision'?"),
            (("--proxy", "wbe"), "of the proxy 'wbe': did you mean 'web'?"),
            (("--rule", "nope"), "no entry matches"),
        ):
            status, out, err = await self.ctl("journal", *words)
            self.assertEqual((status, out), (0, ""))
            self.assertIn(reason, err)

    def test_colors(self) -> None:
        """
        A line has a color by its kind, unless the user or the terminal has none, and is cut to
        the width of the terminal.
        """
        entry = {"kind": "decision"}
        for environment, text in (
            ({"TERM": "xterm"}, "\x1b[33m0123456789\x1b[0m"),
            ({"TERM": "xterm", "NO_COLOR": ""}, "0123456789"),
            ({"TERM": "dumb"}, "0123456789"),
            ({"COLUMNS": "5"}, "0123…"),
        ):
            self.patch(os, "environ", environment)
            self.assertEqual(colored(entry, "0123456789"), text)
            self.assertIn("0123456789", colored(entry, "0123456789", True))
        self.patch(os, "environ", {"TERM": "xterm"})
        self.assertEqual(colored({"kind": "reverted"}, "0123"), "0123")
