"""
Tests for L{vaurien_twisted.app.environment}.
"""

from __future__ import annotations

from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app.environment import misspelled, settingsFrom
from vaurien_twisted.app.tap import Options


class EnvironmentTests(SynchronousTestCase):
    """
    Settings from the environment.
    """

    def settings(self, environ: dict[str, str], *words: str) -> dict[str, object]:
        """
        The protocol, the backend and the log's level of a command line.
        """
        for name, value in environ.items():
            self.patch_environ(name, value)
        options = Options()
        options.parseOptions(words)
        configuration = options.configuration
        settings = configuration.settings
        return {
            "protocol": settings.protocol,
            "backend": settings.backend,
            "log_level": settings.log_level,
        }

    def patch_environ(self, name: str, value: str) -> None:
        """
        Set a variable until the test ends.
        """
        import os

        before = os.environ.get(name)
        os.environ[name] = value
        self.addCleanup(
            lambda: os.environ.pop(name) if before is None else os.environ.update({name: before})
        )

    def test_order(self) -> None:
        """
        The command line counts before the environment, and that before the file.
        """
        path = self.mktemp()
        Path(path).write_text("[vaurien]\nbackend = file:1\nprotocol = redis\nlog_level = warn\n")
        found = self.settings(
            {
                "VAURIEN_CONFIG": path,
                "VAURIEN_BACKEND": "environment:1",
                "VAURIEN_LOG_LEVEL": "debug",
                "VAURIEN_PROTOCOL": "",
            },
            "--log-level",
            "error",
        )
        self.assertEqual(
            found, {"protocol": "redis", "backend": "environment:1", "log_level": "error"}
        )

    def test_refused(self) -> None:
        """
        A value that cannot be is refused as on the command line.
        """
        with self.assertRaises(UsageError) as caught:
            self.settings({"VAURIEN_LOG_LEVEL": "loud"})
        self.assertIn("'loud'", str(caught.exception))

    def test_others(self) -> None:
        """
        Variables with another meaning are ignored, such as those of a service called vaurien in
        Kubernetes.
        """
        environ = {"VAURIEN_PORT": "tcp://10.0.0.1:80", "VAURIEN_URL": "x", "VAURIEN_TOKEN": "y"}
        self.assertEqual(settingsFrom(environ, ["backend", "token", "http_port"]), {})

    def test_misspelled(self) -> None:
        """
        Misspelled variables of settings cause a warning; others are ignored.
        """
        names = ["backend", "http_port", "log_level"]
        wrong = ("VAURIEN_BAKCEND", "VAURIEN_HTTPPORT", "VAURIEN_CONFG", "VAURIEN_TOKNE")
        others = ("BACKEND", "VAURIEN_PORT", "VAURIEN_PORT_8080_TCP", "VAURIEN_SERVICE_HOST")
        right = ("VAURIEN_BACKEND", "VAURIEN_URL", "VAURIEN_TOKEN", "VAURIEN_CONFIG")
        environ = dict.fromkeys((*wrong, *others, *right), "1")
        self.assertEqual(
            list(misspelled(environ, names)),
            [
                "VAURIEN_BAKCEND has no effect: did you mean VAURIEN_BACKEND?",
                "VAURIEN_CONFG has no effect: did you mean VAURIEN_CONFIG?",
                "VAURIEN_HTTPPORT has no effect: did you mean VAURIEN_HTTP_PORT?",
                "VAURIEN_TOKNE has no effect: did you mean VAURIEN_TOKEN?",
            ],
        )
        self.patch_environ("VAURIEN_BAKCEND", "x:1")
        options = Options()
        options.parseOptions([])
        self.assertIn("did you mean VAURIEN_BACKEND?", " ".join(options.warnings))
