"""
Tests for the command vaurienctl.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import sys

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.control.support import REGISTRY, listening
from tests.ports import freePort
from vaurien_twisted import __version__
from vaurien_twisted.ctl import main as ctl
from vaurien_twisted.ctl import output as ctl_output
from vaurien_twisted.ctl.main import main
from vaurien_twisted.ctl.parser import parse, readOptions
from vaurien_twisted.rules.build import RuleBuilder


class Terminal(io.StringIO):
    """
    Output that a person reads.
    """

    def isatty(self):
        """
        Yes.
        """
        return True


class Shown(TestCase):
    """
    A test that sees what the command writes.
    """

    timeout = 120

    def run_(self, *words: str, terminal: bool = False) -> tuple[int, str, str]:
        """
        Run the command: its exit status, standard output and standard error.
        """
        out, err = Terminal() if terminal else io.StringIO(), io.StringIO()
        self.patch(sys, "stdout", out)
        self.patch(sys, "stderr", err)
        try:
            status = main(words)
        except SystemExit as ended:
            status = ended.code
        return status, out.getvalue(), err.getvalue()


class UsageTests(Shown):
    """
    Command lines that ask nothing of a service.
    """

    def assertUsage(self, words, *told):
        """
        The command line is refused in these words.
        """
        status, out, err = self.run_(*words)
        self.assertEqual((status, out), (2, ""), words)
        self.assertTrue(err.startswith("vaurienctl"), err)
        self.assertEqual(err.count("\n"), 1, err)
        for word in told:
            self.assertIn(word, err)
        self.assertNotIn("Traceback", err)

    def test_unknownCommand(self):
        """
        The nearest command is named, wherever options stand.
        """
        self.assertUsage(["set-behaviour", "hang"], "did you mean 'set-behavior'?")
        self.assertUsage(["--http-port", "1", "list-behavior"], "did you mean 'list-behaviors'?")
        self.assertUsage(["--json", "xyzzy"], "pick one of", "get-backend")

    def test_missing(self):
        """
        No command, no behavior, no backend.
        """
        self.assertUsage([], "COMMAND")
        self.assertUsage(["set-behavior"], "NAME is missing: see ")
        self.assertUsage(["set-backend"], "HOST:PORT")

    def test_badOptions(self):
        """
        Options that are not of the form, or are there twice.
        """
        self.assertUsage(["set-behavior", "delay", "sleep"], "'sleep'", "option=value")
        self.assertUsage(["set-behavior", "delay", "=2"], "option=value")
        self.assertUsage(["set-behavior", "delay", "sleep=1", "sleep=2"], "'sleep' is given twice")
        self.assertUsage(["set-behavior", "delay", "name=x"], "'name' is not an option")

    def test_badPort(self):
        """
        An invalid port; an argument too many.
        """
        self.assertUsage(["--http-port", "web", "get-backend"], "'web' is not a port")
        self.assertUsage(["--http-port", "65536", "get-backend"], "'65536' is not a port")
        self.assertUsage(["get-backend", "more"], "more")
        self.assertUsage(["journal", "--since", "x"], "'x' is neither the id of an entry")

    def test_help(self):
        """
        Help has every command, examples and the exit statuses; the version is Vaurien's.
        """
        status, out, _ = self.run_("--help")
        self.assertEqual(status, 0)
        for word in ("set-backend", "examples:", "VAURIEN_URL", "exit status"):
            self.assertIn(word, out)
        status, out, _ = self.run_("set-behavior", "--help")
        self.assertEqual(status, 0)
        self.assertIn("option=value", out)
        self.assertEqual(self.run_("--version"), (0, __version__ + "\n", ""))


class OptionTests(SynchronousTestCase):
    """
    C{option=value}.
    """

    def test_flat(self):
        """
        Values stay text, with what else they contain.
        """
        self.assertEqual(
            readOptions(["sleep=2", "a=", "b=c=d"]), {"sleep": "2", "a": "", "b": "c=d"}
        )

    def test_grouped(self):
        """
        A point puts the option under its behavior.
        """
        read = readOptions(["delay.sleep=2", "delay.before=no", "error.inject=1"])
        self.assertEqual(read, {"delay": {"sleep": "2", "before": "no"}, "error": {"inject": "1"}})

    def test_mixed(self):
        """
        An option and a behavior of the same name cannot be distinguished.
        """
        self.assertRaises(ValueError, readOptions, ["delay=2", "delay.sleep=1"])
        self.assertRaises(ValueError, readOptions, ["delay.sleep=1", "delay=2"])

    def test_everywhere(self):
        """
        Common options may come before the command or after it.
        """
        for words in (
            ["--http-port", "9", "--json", "--host", "a", "get-behavior"],
            ["get-behavior", "--http-port", "9", "--json", "--host", "a"],
            ["--json", "--host", "a", "get-behavior", "--http-port", "9"],
        ):
            parsed = parse(words)
            self.assertEqual((parsed.host, parsed.http_port, parsed.json), ("a", 9, True))


class Served(Shown):
    """
    A test with a service on loopback.
    """

    async def setUp(self):
        """
        A service whose URL is in the environment.
        """
        self.proxy, self.service = await listening(self)
        environ = {"VAURIEN_URL": f"http://{self.service.address}"}
        self.patch(os, "environ", environ)

    async def ctl(self, *words: str, terminal: bool = False) -> tuple[int, str, str]:
        """
        Run the command in a thread.
        """
        return await deferToThread(self.run_, *words, terminal=terminal)


class ServiceTests(Served):
    """
    The command against a service.
    """

    async def test_list(self):
        """
        Names, one a line; on a terminal with their descriptions.
        """
        names = sorted(REGISTRY.behaviors)
        self.assertEqual(await self.ctl("list-behaviors"), (0, "\n".join(names) + "\n", ""))
        _, out, _ = await self.ctl("list-behaviors", terminal=True)
        self.assertEqual([line.split()[0] for line in out.splitlines() if line[0] != " "], names)
        self.assertRegex(out, r"(?m)^delay +Delays each request")

    async def test_wrapped(self):
        """
        On a terminal descriptions stay in their column, unless that is too narrow for words.
        """
        for columns, widest in ((60, 60), (20, None)):
            size = os.terminal_size((columns, 24))
            self.patch(ctl_output.shutil, "get_terminal_size", lambda size=size: size)
            _, out, _ = await self.ctl("list-behaviors", terminal=True)
            lines = out.splitlines()
            if widest is None:
                self.assertEqual(len(lines), len(REGISTRY.behaviors))
            else:
                self.assertLessEqual(max(map(len, lines)), widest)
                self.assertTrue(all(line.startswith(" " * 13) for line in lines if line[0] == " "))

    async def test_listOptions(self):
        """
        The options of named behaviors: in a pipe in the form of set-behavior, on a terminal with
        descriptions.
        """
        told = await self.ctl("list-behaviors", "delay", "hang")
        self.assertEqual(told, (0, "delay sleep=1.0 before=true\nhang\n", ""))
        _, out, _ = await self.ctl("list-behaviors", "delay", "hang", terminal=True)
        self.assertRegex(out, r"(?m)^delay +Delays each request")
        self.assertRegex(out, r"(?m)^  sleep +1\.0 +s +How long to wait")
        self.assertRegex(out, r"(?m)^hang +Holds")
        _, out, _ = await self.ctl("list-behaviors", "latency", terminal=True)
        self.assertRegex(out, r"upstream,\s+downstream,\s+both\.")
        status, out, err = await self.ctl("list-behaviors", "dealy")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("did you mean 'delay'?", err)

    async def test_badValue(self):
        """
        The option whose value is not taken is named.
        """
        status, _, err = await self.ctl("set-behavior", "delay", "sleep=-1")
        self.assertEqual((status, err), (1, "vaurienctl: sleep: '-1' is below the minimum 0\n"))

    async def test_pitfall18_setWithOptions(self):
        """
        Options are passed, and the printed form can be set again.
        """
        done = await self.ctl("set-behavior", "delay", "sleep=2", "before=no")
        self.assertEqual(done, (0, "the behavior is now delay\n", ""))
        before = self.proxy.plan
        status, out, _ = await self.ctl("get-behavior")
        self.assertEqual((status, out), (0, "delay sleep=2.0 before=false\n"))
        self.assertEqual((await self.ctl("set-behavior", "dummy"))[0], 0)
        self.assertEqual(await self.ctl("get-behavior"), (0, "dummy\n", ""))
        self.assertEqual((await self.ctl("set-behavior", *out.split()))[0], 0)
        self.assertEqual(self.proxy.plan, before)

    async def test_pitfall18_percentages(self):
        """
        Percentages and the options of each, there and back.
        """
        words = ["20:error,10:delay", "delay.sleep=2", "error.inject=yes"]
        self.assertEqual((await self.ctl("set-behavior", *words))[0], 0)
        before = self.proxy.plan
        self.assertEqual(before.draws[0].alternatives[1].options.sleep, 2.0)
        _, out, _ = await self.ctl("get-behavior")
        self.assertEqual(shlex.split(out)[0], "20:error,10:delay")
        self.assertIn("error.inject=true", out.split())
        await self.ctl("set-behavior", "20:delay", "sleep=1")
        self.assertNotEqual(self.proxy.plan, before)
        self.assertEqual((await self.ctl("set-behavior", *shlex.split(out)))[0], 0)
        self.assertEqual(self.proxy.plan, before)

    async def test_terminal(self):
        """
        On a terminal the options are a table.
        """
        await self.ctl("set-behavior", "delay")
        _, out, _ = await self.ctl("get-behavior", terminal=True)
        self.assertEqual(out, "delay\n  sleep   1.0\n  before  true\n")
        await self.ctl("set-behavior", "dummy")
        self.assertEqual((await self.ctl("get-behavior", terminal=True))[1], "dummy\n")

    async def test_backend(self):
        """
        Set, and printed.
        """
        self.assertEqual(await self.ctl("get-backend"), (0, "localhost:8888\n", ""))
        done = await self.ctl("set-backend", "localhost:1")
        self.assertEqual(done, (0, "the backend is now localhost:1\n", ""))
        self.assertEqual(self.proxy.backend, "localhost:1")

    async def test_errorCode(self):
        """
        A code is passed unchanged.
        """
        self.proxy.ruleBuilder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("mysql"))
        self.assertEqual((await self.ctl("set-behavior", "error", "code=1213"))[0], 0)
        [rule] = self.proxy.plan.rules
        self.assertEqual(rule.options.code, "1213")

    async def test_json(self):
        """
        The service's answers.
        """
        _, out, _ = await self.ctl("--json", "get-behavior")
        self.assertEqual(json.loads(out), {"behavior": "dummy", "options": {}})
        _, out, _ = await self.ctl("set-behavior", "hang", "--json")
        self.assertEqual(json.loads(out), {"status": "ok"})

    async def test_refused(self):
        """
        A refusal is one line, with the nearest name.
        """
        status, out, err = await self.ctl("set-behavior", "dealy")
        self.assertEqual((status, out), (1, ""))
        self.assertEqual(err, "vaurienctl: there is no behavior 'dealy': did you mean 'delay'?\n")
        status, _, err = await self.ctl("set-behavior", "delay", "slep=1")
        self.assertEqual((status, err.count("\n")), (1, 1))
        self.assertIn("did you mean 'sleep'", err)

    async def test_hosts(self):
        """
        A host with its port, a host and a port, a URL; they replace that of the environment.
        """
        address = self.service.address
        port = address.rpartition(":")[2]
        self.patch(os, "environ", {"VAURIEN_URL": "http://127.0.0.1:9"})
        for words in (
            ["--host", address],
            ["--host", f"http://{address}/"],
            ["--host", "localhost", "--http-port", port],
            ["--http-port", port],
        ):
            done = await self.ctl(*words, "get-behavior")
            self.assertEqual(done, (0, "dummy\n", ""), words)

    async def test_portTwice(self):
        """
        The port cannot be given twice; an IPv6 address alone has none.
        """
        for host in ("localhost:1", "http://localhost", "[::1]:1"):
            status, _, err = await self.ctl("--host", host, "--http-port", "1", "get-behavior")
            self.assertEqual(status, 1)
            self.assertIn("give it once", err)
        port = str(freePort())
        _, _, err = await self.ctl("--host", "::1", "--http-port", port, "get-behavior")
        self.assertIn(f"http://[::1]:{port}", err)

    async def test_unreachable(self):
        """
        Nothing answers: one line with the URL.
        """
        port = freePort()
        status, out, err = await self.ctl("--http-port", str(port), "get-behavior")
        self.assertEqual((status, out, err.count("\n")), (1, "", 1))
        self.assertIn(f"no answer from http://localhost:{port}", err)
        self.assertIn("set by --host, --http-port or VAURIEN_URL", err)


class PipeTests(SynchronousTestCase):
    """
    Output whose reader ends early.
    """

    def test_closedPipe(self) -> None:
        """
        A reader that ends early is not an error, and causes no traceback.
        """
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w") as pipe:

            def told(client: object, parsed: object, prefix: str, label: str = "") -> None:
                pipe.write("x" * 100_000)

            self.patch(ctl, "_show", told)
            self.patch(sys, "stdout", pipe)
            self.assertEqual(ctl.main(["list-behaviors"]), 0)
