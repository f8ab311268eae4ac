"""
Tests for L{vaurien_twisted.model.commands}.
"""

from __future__ import annotations

import typing

import attrs
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.commands import (
    ENDING,
    PASS,
    Actions,
    Close,
    Command,
    ConnectionFate,
    Drop,
    Edit,
    Reply,
    Reset,
    Truncate,
    Wait,
)


class CommandTests(SynchronousTestCase):
    """
    Commands are values.
    """

    def test_equal(self) -> None:
        """
        Two of the same content are the same, and hash so.
        """
        self.assertEqual(Wait(1.5), Wait(1.5))
        self.assertEqual(len({Reply(b"a"), Reply(b"a"), Reply(b"a", ConnectionFate.CLOSE)}), 2)

    def test_frozen(self) -> None:
        """
        Commands are immutable, so that many exchanges can share them.
        """
        content: dict[str, object] = {
            "bytes": b"x",
            "Callable[[], IEditor]": list,
            "float": 1.0,
            "int": 1,
            "bool": True,
        }
        for kind in typing.get_args(Command):
            wanted = [f for f in attrs.fields(kind) if f.default is attrs.NOTHING]
            command = kind(**{field.name: content[str(field.type)] for field in wanted})
            self.assertIsInstance(hash(command), int)
            for name in [field.name for field in attrs.fields(kind)] or ["data"]:
                self.assertRaises((AttributeError, TypeError), setattr, command, name, b"")

    def test_ending(self) -> None:
        """
        After these nothing more is decided; after the others the exchange continues.
        """
        self.assertEqual(set(ENDING), {Reply, Drop, Truncate, Close, Reset, Edit})

    def test_pass(self) -> None:
        """
        L{PASS} has no commands.
        """
        self.assertEqual(PASS, Actions())
        self.assertEqual(PASS.request + PASS.reply, ())
