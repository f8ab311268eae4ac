"""
Tests for L{vaurien_twisted.app.tap}.
"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted import __version__
from vaurien_twisted.app.config import declaredOptions
from vaurien_twisted.app.tap import EXAMPLES, Options, VaurienOptions, makeService, serviceFor
from vaurien_twisted.rules.registry import loadRegistry


def parsed(*words: str) -> VaurienOptions:
    """
    The options of a command line.
    """
    options = Options()
    options.parseOptions(words)
    return options


class ParseTests(SynchronousTestCase):
    """
    Command lines that are understood.
    """

    def test_nothing(self) -> None:
        """
        All has a default.
        """
        self.assertEqual(parsed().configuration.settings.proxy, "localhost:8000")

    def test_settings(self) -> None:
        """
        Settings with values, and flags.
        """
        options = parsed("--protocol", "http", "--http", "--http-port=0", "--seed", "0")
        settings = options.configuration.settings
        self.assertEqual(
            (settings.protocol, settings.http, settings.http_port, settings.seed),
            ("http", True, 0, 0),
        )

    def test_loggedSeed(self) -> None:
        """
        A seed of 19 digits is accepted as it was logged.
        """
        seed = 8070450532247928833
        self.assertEqual(parsed("--seed", str(seed)).configuration.settings.seed, seed)

    def test_behaviorOptions(self) -> None:
        """
        Options of behaviors; those that are yes or no need no value, but take one.
        """
        words = ("--behavior", "delay", "--behavior-delay-sleep", "2", "--behavior-error-inject")
        for more, before in (
            (("--behavior-delay-before",), True),
            (("--behavior-delay-before", "no"), False),
            (("--behavior-delay-before=false",), False),
            (("--behavior-delay-before", "--http"), True),
        ):
            made = parsed(*words, *more).configuration
            [rule] = made.plan.draws[0].alternatives
            self.assertEqual((rule.options.sleep, rule.options.before), (2, before))
            [rule] = made.ruleBuilder.one("error", {}).draws[0].alternatives
            self.assertTrue(rule.options.inject)

    def test_underscores(self) -> None:
        """
        Options are written with dashes throughout, those of behaviors whose names have
        underscores too.
        """
        made = parsed("--behavior", "slow_close", "--behavior-slow-close-delay", "3")
        [rule] = made.configuration.plan.draws[0].alternatives
        self.assertEqual(rule.options.delay, 3)

    def test_ini(self) -> None:
        """
        The ini file first, the command line over it.
        """
        path = Path(self.mktemp())
        path.write_text(
            "[vaurien]\nprotocol = http\nhttp = yes\nbehavior = 20:error\n"
            "[behavior:error]\nwarmup = 5\n"
        )
        made = parsed("--config", str(path), "--behavior", "30:error").configuration
        self.assertEqual(made.wire.name, "http")
        self.assertTrue(made.settings.http)
        [rule] = made.plan.draws[0].alternatives
        self.assertEqual((rule.percent, rule.options.warmup), (30, 5))

    def test_help(self) -> None:
        """
        The help has every option with its description, and examples.
        """
        text = " ".join(Options().getUsage(1000).split())
        for word, (_, _, spec) in declaredOptions(loadRegistry()).items():
            self.assertIn(f"--{word}", text)
            self.assertIn(spec.description, text)
        self.assertIn(" ".join(EXAMPLES.split()), text)

    def test_helpWords(self) -> None:
        """
        C{help} and C{-h} are C{--help}.
        """
        said = []
        for words in (["help"], ["-h"], ["--http", "-h"], ["--help"]):
            out = io.StringIO()
            with redirect_stdout(out), self.assertRaises(SystemExit) as ended:
                Options().parseOptions(words)
            self.assertEqual(ended.exception.code, 0)
            said.append(out.getvalue())
        self.assertEqual(said, [said[-1]] * 4)
        self.assertIn("Usage: vaurien", said[0])

    def test_examples(self) -> None:
        """
        The command lines of the help are understood.
        """
        lines = EXAMPLES.replace("\\\n", " ").splitlines()
        commands = [line.split() for line in lines if line.strip().startswith("vaurien ")]
        self.assertEqual(len(commands), 3)
        for command in commands:
            parsed(*command[1:])

    def test_version(self) -> None:
        """
        C{--version} prints Vaurien's version, not Twisted's.
        """
        printed: list[object] = []
        self.patch(__import__("builtins"), "print", lambda *words: printed.extend(words))
        self.assertRaises(SystemExit, parsed, "--version")
        self.assertEqual(printed, [__version__])


class RefusedTests(SynchronousTestCase):
    """
    Command lines that are refused: one line, which names the option.
    """

    def refused(self, *words: str) -> str:
        """
        Why it is.
        """
        text = str(self.assertRaises(UsageError, parsed, *words))
        self.assertNotIn("\n", text)
        return text

    def test_unknownOptions(self) -> None:
        """
        The nearest is offered, for options of behaviors too.
        """
        self.assertIn("did you mean '--protocol'?", self.refused("--protocl", "http"))
        self.assertIn("did you mean '--behavior'?", self.refused("--behaviour", "error"))
        self.assertIn(
            "did you mean '--behavior-delay-sleep'?", self.refused("--behavior-delay-slep=1")
        )
        self.assertIn("see --help", self.refused("--xyzzy"))
        self.assertIn("-z", self.refused("-z"))

    def test_itself(self) -> None:
        """
        A proxy whose backend is itself would connect without end; where port 0 picks, it is
        another.
        """
        for words in (("--backend", "localhost:8000"), ("--proxy", "localhost:80")):
            told = self.refused(*words)
            self.assertTrue(
                told.startswith("--backend: this is where the proxy itself listens"), told
            )
            self.assertIn("let the proxy listen elsewhere with --proxy", told)
        parsed("--backend", "localhost:8000", "--proxy", "localhost:8001")
        parsed("--demo", "--proxy", "localhost:80")

    def test_strayWords(self) -> None:
        """
        Arguments that are not options are refused.
        """
        self.assertIn("there is no command 'start'", self.refused("start"))

    def test_noValue(self) -> None:
        """
        An option without its value.
        """
        self.assertIn("protocol", self.refused("--protocol"))

    def test_badValues(self) -> None:
        """
        The line begins with the option at fault.
        """
        for words, reason in (
            (("--protocol", "htp"), "--protocol: there is no protocol 'htp'"),
            (("--behavior", "eror"), "--behavior: there is no behavior 'eror'"),
            (("--behavior", "60:error,50:delay"), "--behavior: the percentages add up to 110"),
            (("--behavior", "some:error"), "--behavior: 'some' is not a percentage"),
            (("--behavior-delay-sleep", "-1"), "--behavior-delay-sleep: '-1' is below"),
            (("--behavior-delay-before=x",), "--behavior-delay-before: 'x' is not valid"),
            (("--seed", "lucky"), "--seed: 'lucky' is not valid: it must be a whole number"),
            (("--seed", "-2"), "--seed: '-2' is below the minimum -1"),
            (("--http-port", "65536"), "--http-port: '65536' is above the maximum 65535"),
            (("--log-level", "chatty"), "--log-level: 'chatty' is not valid"),
            (("--timeout", "0"), "--timeout: '0' is below the minimum 0.001"),
        ):
            text = self.refused(*words)
            self.assertTrue(text.startswith(reason), text)

    def test_unreadableIni(self) -> None:
        """
        The ini file is named.
        """
        path = self.mktemp()
        self.assertEqual(
            self.refused("--config", path), f"cannot read {path}: No such file or directory"
        )

    def test_badIni(self) -> None:
        """
        The ini file is checked like the command line.
        """
        path = Path(self.mktemp())
        for text, reason in (
            (
                "[vaurien]\nbehavor = error\n",
                "[vaurien] has no option 'behavor': did you mean 'behavior'?",
            ),
            ("[rule:a]\nbehavior = hagn\n", "[rule:a]: there is no behavior 'hagn'"),
            (
                "[proxy:a]\nlisten = localhost:0\nbackend = localhost:1\nprotocol = htp\n",
                "[proxy:a]: there is no protocol 'htp'",
            ),
            ("[vaurien]\nbehavior = 60:error,50:delay\n", "100 at most"),
            ("[behavior:delay]\nsleep = soon\n", "--behavior-delay-sleep: 'soon' is not valid"),
            ("[behavior:dlay]\n", "did you mean 'delay'?"),
            ("[protocol:htp]\n", "did you mean 'http'?"),
        ):
            path.write_text(text)
            told = self.refused("--config", str(path))
            self.assertIn(reason, told)
            self.assertEqual(told.startswith("["), reason.startswith("["), told)


class ServiceTests(SynchronousTestCase):
    """
    The service made of the options, and the door by which C{twistd} finds it.
    """

    def refused(self, *words: str) -> str:
        """
        Why no service is made.
        """
        return str(self.assertRaises(UsageError, serviceFor, parsed(*words)))

    def test_made(self) -> None:
        """
        The service has the options; nothing listens yet.
        """
        service = serviceFor(parsed("--proxy", "127.0.0.1:0", "--http", "--seed", "5"))
        self.assertEqual(service.proxy.decider.seed, 5)
        self.assertEqual(service.proxy.address, "")
        self.assertIsNotNone(service.control)
        self.assertIsNone(serviceFor(parsed()).control)

    def test_badAddresses(self) -> None:
        """
        Addresses are refused before anything listens, by their option.
        """
        self.assertTrue(self.refused("--proxy", "nowhere").startswith("--proxy: 'nowhere' is not"))
        self.assertTrue(self.refused("--backend", "a b").startswith("--backend: 'a b' is not"))
        self.assertIn("port 0", self.refused("--backend", "localhost:0"))
        for option in ("--proxy", "--backend"):
            self.assertIn("(99999 is not a port, 0", self.refused(option, "localhost:99999"))
            self.assertIn("(it has no port)", self.refused(option, "localhost"))
        self.assertIn("(Unknown endpoint type: 'tpc')", self.refused("--proxy", "tpc:80:x"))

    def test_unwritableLog(self) -> None:
        """
        A log that cannot be written is refused at once.
        """
        path = self.mktemp() + "/log"
        self.assertIn("--log-output: cannot log to", self.refused("--log-output", path))

    def test_plugin(self) -> None:
        """
        C{twistd vaurien} makes the same options and service.
        """
        [maker] = [m for m in getPlugins(IServiceMaker) if m.tapname == "vaurien"]
        found: Any = maker
        self.assertIs(found.makeService, makeService)
        options = found.options()
        options.parseOptions(["--behavior", "hang"])
        self.assertEqual(options.configuration.settings.behavior, "hang")
        self.assertEqual(makeService(options).proxy.address, "")

    def test_plainlyRefused(self) -> None:
        """
        An error when the service is made ends C{twistd} with the reason, without a traceback.
        """
        open_ = parsed("--http", "--http-host", "0.0.0.0")
        ended: SystemExit = self.assertRaises(SystemExit, makeService, open_)
        self.assertTrue(
            str(ended).startswith("vaurien: --http-host: other machines can reach 0.0.0.0"), ended
        )

    def test_pitfall18_optionsAreApart(self) -> None:
        """
        Two command lines in one process share nothing.
        """
        parsed("--behavior", "delay", "--behavior-delay-sleep", "9")
        [rule] = parsed("--behavior", "delay").configuration.plan.draws[0].alternatives
        self.assertEqual(rule.options.sleep, 1)
