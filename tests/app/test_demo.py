"""
Tests for L{vaurien_twisted.app.demo}.
"""

from __future__ import annotations

import io
import json
import re
import sys
from typing import Any

import treq
from twisted.trial.unittest import SynchronousTestCase, TestCase

from vaurien_twisted.app.demo import DemoBackend, invitation
from vaurien_twisted.ctl.main import main


class BackendTests(TestCase):
    """
    The small web backend.
    """

    async def test_serves(self) -> None:
        """
        It answers every path and counts; after its end it does not listen.
        """
        from twisted.internet import reactor

        backend = DemoBackend(reactor)
        self.assertEqual(backend.address, "")
        backend.privilegedStartService()
        backend.startService()
        try:
            assert backend.listening is not None
            await backend.listening
            told = []
            for path in ("/", "/some/page"):
                url = f"http://{backend.address}{path}"
                response: Any = await treq.get(url, persistent=False, timeout=120)
                self.assertEqual(response.code, 200)
                told.append(json.loads(await response.content()))
        finally:
            await backend.stopService()
        self.assertEqual([answer["path"] for answer in told], ["/", "/some/page"])
        self.assertEqual([answer["served"] for answer in told], [1, 2])
        self.assertEqual(backend.address, "")

    async def test_stopTwice(self) -> None:
        """
        Stopping a stopped service is not an error.
        """
        from twisted.internet import reactor

        backend = DemoBackend(reactor)
        await backend.stopService()
        self.assertEqual(backend.address, "")


class InvitationTests(SynchronousTestCase):
    """
    The suggested commands.
    """

    def test_addresses(self) -> None:
        """
        The commands name the real ports, that of the control service only if it is another.
        """
        text = invitation("127.0.0.1:8000", "127.0.0.1:8080")
        self.assertIn("curl -i http://127.0.0.1:8000/", text)
        self.assertNotIn("--http-port", text)
        text = invitation("127.0.0.1:1", "127.0.0.1:9090")
        self.assertEqual(text.count("vaurienctl --http-port 9090 set-behavior"), 2)
        self.assertIn("vaurienctl --http-port 9090 normal", text)

    def test_last(self) -> None:
        """
        The last line has the address of the page.
        """
        text = invitation("127.0.0.1:8000", "127.0.0.1:8080")
        self.assertEqual(text.splitlines()[-2:], ["", "open http://localhost:8080/ in a browser"])

    def test_commandsAreUnderstood(self) -> None:
        """
        The suggested commands are valid command lines of C{vaurienctl}: without a service they fail
        with status 1, not 2.
        """
        pattern = r"vaurienctl (.*?(?:set-behavior [a-z]+(?: \w+=\w+)?|normal))"
        commands = re.findall(pattern, invitation("localhost:1", "localhost:1"))
        self.assertEqual(len(commands), 3)
        said = io.StringIO()
        self.patch(sys, "stderr", said)
        for command in commands:
            self.assertEqual(main(command.split()), 1, command)
        self.assertEqual(said.getvalue().count("no answer from"), 3)
