"""
Tests for the command vaurienctl: protocols, rules and the journal.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from tests.control.support import REGISTRY
from tests.ctl.test_main import Served
from vaurien_twisted.rules.plan import Plan


class ProtocolTests(Served):
    """
    C{list-protocols} and C{list-errors}.
    """

    async def test_protocols(self):
        """
        Names, one a line; on a terminal with descriptions.
        """
        names = sorted(REGISTRY.wires)
        self.assertEqual(await self.ctl("list-protocols"), (0, "\n".join(names) + "\n", ""))
        _, out, _ = await self.ctl("list-protocols", terminal=True)
        self.assertEqual([line.split()[0] for line in out.splitlines() if line[0] != " "], names)
        self.assertRegex(out, r"(?m)^tcp +Any protocol over TCP")

    async def test_errors(self):
        """
        Codes, one a line; on a terminal a table; by any name of the protocol.
        """
        codes = list(REGISTRY.wire("mysql").errors)
        for name in ("mysql", "mariadb"):
            told = await self.ctl("list-errors", name)
            self.assertEqual(told, (0, "\n".join(codes) + "\n", ""))
        _, out, _ = await self.ctl("list-errors", "mysql", terminal=True)
        head, *lines = out.splitlines()
        self.assertEqual(head.split(), ["CODE", "STATE", "AGAIN", "TRANSACTION", "WHEN"])
        self.assertEqual([line.split()[0] for line in lines if line[0] != " "], codes)
        self.assertRegex(out, r"(?m)^1213 +40001 +yes +is rolled back +[A-Z]")
        _, out, _ = await self.ctl("--json", "list-errors", "mysql")
        self.assertEqual([error["code"] for error in json.loads(out)["errors"]], codes)

    async def test_families(self):
        """
        On a terminal, the errors of known services are grouped by family.
        """
        _, out, _ = await self.ctl("list-errors", "http", terminal=True)
        own, *families = out.split("\n\n")
        self.assertRegex(own, r"(?m)^503 ")
        self.assertNotIn("openai", own)
        titles = [family.partition("\n")[0] for family in families]
        services = ["openai:", "anthropic:", "s3:", "elasticsearch:", "graphql:"]
        self.assertEqual(titles, ["gRPC:", "HTTP/2:", *services])
        self.assertRegex(families[2], r"(?m)^openai\.rate_limit +429 +no ")

    async def test_errorsOfTheFirst(self):
        """
        Without a name, those of the first proxy's protocol.
        """
        told = await self.ctl("list-errors", self.proxy.wire.name)
        self.assertEqual(await self.ctl("list-errors"), told)

    async def test_noErrors(self):
        """
        A protocol that knows none; one that there is not.
        """
        self.assertEqual(await self.ctl("list-errors", "tcp"), (0, "", ""))
        told = await self.ctl("list-errors", "tcp", terminal=True)
        self.assertEqual(told, (0, "this protocol has no errors\n", ""))
        for name in ("mysq", "my/sql", "?"):
            status, out, err = await self.ctl("list-errors", name)
            self.assertEqual((status, out, err.count("\n")), (1, "", 1))
        self.assertIn("there is no", err)


class RuleTests(Served):
    """
    C{get-rules} and C{set-rules}.
    """

    async def test_rules(self):
        """
        The printed rules can be set again, from a file, and from standard input.
        """
        rules = [{"behavior": "hang", "times": 2, "when": {"client": "::1"}}, {"behavior": "delay"}]
        path = Path(self.mktemp())
        path.write_text(json.dumps(rules))
        done = await self.ctl("set-rules", str(path))
        self.assertEqual(done, (0, "the rules are set\n", ""))
        before = self.proxy.plan
        self.assertEqual(len(before.draws), 2)
        _, told, _ = await self.ctl("get-rules")
        self.assertEqual(json.loads(told)[0], rules[0])
        _, whole, _ = await self.ctl("--json", "get-rules")
        for text in (told, whole):
            await self.ctl("set-behavior", "dummy")
            self.patch(sys, "stdin", io.StringIO(text))
            self.assertEqual((await self.ctl("set-rules", "-"))[0], 0)
            self.assertEqual(self.proxy.plan, before)

    async def test_moreThanABehavior(self):
        """
        If a behavior does not describe everything in force, a line on standard error says so.
        """
        path = Path(self.mktemp())
        path.write_text('[{"behavior": "hang", "times": 2}]')
        await self.ctl("set-rules", str(path))
        told = await self.ctl("get-behavior")
        self.assertEqual(
            told, (0, "hang\n", "vaurienctl: other rules are in force too: see get-rules\n")
        )

    async def test_refusedRules(self):
        """
        No file, no JSON, no rules: one line each, and nothing changes.
        """
        path = Path(self.mktemp())
        _, _, err = await self.ctl("set-rules", str(path))
        self.assertEqual(err, f"vaurienctl: cannot read {path}: No such file or directory\n")
        for text, words in (
            ("[{", "is not JSON"),
            ("", "is not JSON"),
            ("[" * 100_000, "is not JSON"),
            ('[{"behavior": "hagn"}]', "rule 1: there is no behavior 'hagn'"),
            ('{"rule": []}', "did you mean 'rules'?"),
        ):
            path.write_text(text)
            status, out, err = await self.ctl("set-rules", str(path))
            self.assertEqual((status, out, err.count("\n")), (1, "", 1), text[:20])
            self.assertIn(words, err)
        path.write_bytes(b"\xff")
        self.assertIn("is not JSON", (await self.ctl("set-rules", str(path)))[2])
        self.assertEqual(self.proxy.plan, Plan())


class JournalTests(Served):
    """
    C{journal}.
    """

    async def test_journal(self):
        """
        JSON lines in a pipe, words on a terminal; from an entry on.
        """
        self.assertEqual(await self.ctl("journal"), (0, "", ""))
        facts = {"exchange": 2, "description": "GET /", "rule": "100:hang"}
        self.proxy.journal.record("decision", "proxy", 7, **facts, effect="hold", reason="always")
        self.proxy.journal.record("unreachable", "proxy", 8, reason="refused")
        _, out, _ = await self.ctl("journal")
        self.assertEqual(
            [json.loads(line) for line in out.splitlines()], self.proxy.journal.since()
        )
        _, out, _ = await self.ctl("journal", terminal=True)
        self.assertEqual(
            [line.partition("  ")[2] for line in out.splitlines()],
            [
                "1  proxy connection 7 exchange 2: GET /: 100:hang: "
                "left without an answer (always)",
                "2  proxy connection 8: unreachable (refused)",
            ],
        )
        _, out, _ = await self.ctl("journal", "--since", "1")
        self.assertEqual(json.loads(out)["id"], 2)

    async def test_longJournal(self):
        """
        All kept entries are printed, however many.
        """
        for _ in range(2500):
            self.proxy.journal.record("decision", "proxy", 1)
        _, out, _ = await self.ctl("--json", "journal", "--since", "3")
        told = json.loads(out)
        self.assertEqual([entry["id"] for entry in told["journal"]], list(range(4, 2501)))
        self.assertEqual(told["last"], 2500)
