"""
Tests for L{vaurien_twisted.app.useless_options}: options that would have no effect.
"""

from __future__ import annotations

import os
from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app.tap import Options


class NeedlessTests(SynchronousTestCase):
    """
    Command lines.
    """

    def test_warned(self) -> None:
        """
        Options without effect cause a warning with what they need.
        """
        for line, reason in (
            ("--demo --backend localhost:1", "--backend has no effect with --demo, which has"),
            ("--demo --protocol mysql", "--protocol has no effect with --demo, which has"),
            ("--http-port 9090", "--http-port has no effect without --http: add --http"),
            ("--http-host 0.0.0.0", "--http-host has no effect without --http"),
            ("--token x", "--token has no effect without a control service"),
            ("--insecure", "--insecure has no effect without a control service"),
            ("--toxiproxy --http-port 9090", "--http-port has no effect without --http"),
            (
                "--behavior hang --behavior-delay-sleep 3",
                "--behavior-delay-sleep has no effect without --behavior delay",
            ),
            (
                "--protocol-mysql-tls refuse",
                "--protocol-mysql-tls has no effect without --protocol mysql",
            ),
        ):
            options = Options()
            options.parseOptions(line.split())
            [warning] = options.warnings
            self.assertIn(reason, warning)

    def test_refused(self) -> None:
        """
        Contradicting options are refused.
        """
        for line, reason in (
            (
                "--proxy localhost:1 --proxy=localhost:2",
                "--proxy: it is given twice, as localhost:1 and localhost:2: for several proxies, "
                "write a configuration file with [proxy:NAME]",
            ),
            ("--backend a:1 --backend b:1", "--backend: it is given twice"),
            ("--behavior hang --behavior delay", "such as 20:error,10:delay"),
        ):
            refused = self.assertRaises(UsageError, Options().parseOptions, line.split())
            self.assertIn(reason, str(refused), line)

    def test_accepted(self) -> None:
        """
        The same options are accepted if they have an effect, or can have one later.
        """
        for line in (
            "--http --http-port 9090",
            "--demo --http-port 9090",
            "--demo --protocol http",
            "--demo --proxy localhost:9000",
            "--toxiproxy --token x",
            "--proxy localhost:1 --proxy localhost:1",
            "--behavior 20:error,10:delay --behavior-delay-sleep 3",
            "--http --behavior-delay-sleep 3",
            "--http --protocol-mysql-tls refuse",
            "--protocol mysql --protocol-mysql-tls refuse",
        ):
            options = Options()
            options.parseOptions(line.split())
            self.assertEqual(options.warnings, [], line)

    def test_shared(self) -> None:
        """
        Settings of a file and of the environment may be for other commands, too.
        """
        self.patch(os, "environ", {"VAURIEN_TOKEN": "x", "VAURIEN_HTTP_PORT": "9090"})
        options = Options()
        options.parseOptions([])
        self.assertEqual(options.warnings, [])
        path = Path(self.mktemp())
        path.write_text("[vaurien]\nhttp_port = 9090\n[behavior:delay]\nsleep = 3\n")
        options.parseOptions(["--config", str(path), "--behavior-delay-sleep", "3"])
        self.assertEqual(options.warnings, [])
