"""
Tests for L{vaurien_twisted.wire.mysql.session}.
"""

from __future__ import annotations

import struct

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.mysql.script import begun
from tests.wire.support import Heard, chunks, converse
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.mysql.packets import FULL, packet
from vaurien_twisted.wire.mysql.protocol import MySQLFramer
from vaurien_twisted.wire.mysql.session import PARAMETERS, Statements, headOf, typesOf, withTypes

#: Of two parameters: a number and a text.
TYPES = b"\x03\0\xfd\0"


def payload(types: bytes = b"", values: bytes = b"\1\0\0\0\2ab", flags: int = 0) -> bytes:
    """
    An execution of statement 7, which has two parameters.
    """
    told = b"\x01" + types if types else b"\0"
    return struct.pack("<BIBI", 0x17, 7, flags, 1) + b"\0" + told + values


def execution(types: bytes = b"", values: bytes = b"\1\0\0\0\2ab") -> bytes:
    """
    Its packet.
    """
    return packet(0, payload(types, values))


def prepared(parameters: int = 2) -> tuple[MySQLFramer, Heard]:
    """
    A framer of a connection that has prepared statement 7.
    """
    framer, heard = begun(1 << 24)
    announced = packet(1, struct.pack("<BIHHBH", 0, 7, 0, parameters, 0, 0))
    for number in range(parameters):
        announced += packet((2 + number) & 0xFF, b"\x03def\0\0\0\x01?\0\x0c" + bytes(12))
    turns = [("client", packet(0, b"\x16update t set a = ?, b = ?")), ("backend", announced)]
    converse(framer, turns, heard=heard)
    return framer, heard


def say(framer: MySQLFramer, data: bytes, refused: bool, size: int = 0) -> bytes:
    """
    What goes to the backend of one request where C{refused} says whether it does.
    """
    sent = b""
    expected: set[int] = set()
    for part in chunks(data, size=size):
        for exchange, piece, _ in framer.fromClient(part):
            assert isinstance(exchange, Exchange)
            if exchange.number not in expected and not refused:
                expected.add(exchange.number)
                framer.expect(exchange)
            sent += b"" if refused else piece
    return sent


class OwedTests(SynchronousTestCase):
    """
    Executions of a statement whose first one was answered in the backend's place.
    """

    def test_told(self) -> None:
        """
        The next one that goes to the backend tells the types, those behind it do not.
        """
        for size in (0, 1, 7):
            framer, _ = prepared()
            self.assertEqual(say(framer, execution(TYPES), True, size), b"")
            self.assertEqual(say(framer, execution(), True, size), b"")
            self.assertEqual(say(framer, execution(), False, size), execution(TYPES))
            self.assertEqual(say(framer, execution(), False, size), execution())

    def test_unchanged(self) -> None:
        """
        What the backend was told is not told again.
        """
        for size in (0, 1):
            framer, _ = prepared()
            for data in (execution(TYPES), execution(), execution(TYPES)):
                self.assertEqual(say(framer, data, False, size), data)

    def test_toldAnew(self) -> None:
        """
        A client that tells the types itself needs no help.
        """
        framer, _ = prepared()
        other = b"\x08\0\xfd\0"
        say(framer, execution(TYPES), True)
        self.assertEqual(say(framer, execution(other), False), execution(other))
        self.assertEqual(say(framer, execution(), False), execution())

    def test_behind(self) -> None:
        """
        The next command begins where the execution ends.
        """
        framer, _ = prepared()
        say(framer, execution(TYPES), True)
        sent = say(framer, execution() + packet(0, b"\x0e") + execution(), False)
        self.assertEqual(sent, execution(TYPES) + packet(0, b"\x0e") + execution())

    def test_noValues(self) -> None:
        """
        Where all parameters are NULL nothing stands behind the types.
        """
        framer, _ = prepared()
        say(framer, execution(TYPES, b""), True)
        self.assertEqual(say(framer, execution(values=b""), False), execution(TYPES, b""))

    def test_long(self) -> None:
        """
        An execution of two packets keeps what follows its beginning; its refusal is
        numbered behind the last.
        """
        framer, _ = prepared()
        say(framer, execution(TYPES), True)
        body = payload(values=bytes(FULL - 12))
        data = b"\xff\xff\xff\0" + body + packet(1, b"end")
        # It would be too long for its packet with the types in it.
        self.assertEqual(say(framer, data, False), data)

    def test_closed(self) -> None:
        """
        What is owed to a statement is forgotten with it.
        """
        framer, _ = prepared()
        say(framer, execution(TYPES), True)
        say(framer, packet(0, b"\x19\7\0\0\0"), False)
        self.assertEqual(say(framer, execution(), False), execution())

    def test_many(self) -> None:
        """
        Of a statement with very many parameters nothing is kept.
        """
        statements = Statements()
        statements.add(1, "a", PARAMETERS)
        statements.add(2, "b", PARAMETERS + 1)
        statements.add(3, "c", 0)
        self.assertEqual(statements.parameters, {1: PARAMETERS})
        statements.clear()
        self.assertEqual(statements.parameters, {})


class ReaderTests(SynchronousTestCase):
    """
    The functions themselves.
    """

    def test_types(self) -> None:
        """
        What an execution says of types, and where that cannot be known.
        """
        for data, wanted in (
            (payload(TYPES), TYPES),
            (payload(TYPES, b""), TYPES),
            (payload(), b""),
            (payload(TYPES, flags=8), None),
            (payload(TYPES, b"")[:-1], None),
            (payload()[:11], None),
            (b"\x17\7\0\0\0", None),
        ):
            self.assertEqual(typesOf(b"...." + data, 4, 4 + len(data), 2), wanted)

    def test_head(self) -> None:
        """
        The head has the types of all parameters.
        """
        self.assertEqual(headOf(2), len(payload(TYPES, b"")))
        self.assertEqual(headOf(9), 10 + 2 + 1 + 18)

    def test_tooLong(self) -> None:
        """
        No packet is made longer than one can be.
        """
        data = b"\xfe\xff\xff\0" + payload()
        self.assertEqual(withTypes(data, 0, TYPES), (b"", 0))
