"""
Tests for L{vaurien_twisted.wire.mysql.errors}.
"""

from __future__ import annotations

from pymysql.connections import MysqlPacket
from pymysql.err import MySQLError, OperationalError
from twisted.trial.unittest import SynchronousTestCase

from tests.wire.mysql.script import begun, query
from tests.wire.support import converse
from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.mysql.packets import FULL, packet
from vaurien_twisted.wire.mysql.protocol import MySQL


def asked(data: bytes) -> Exchange:
    """
    The exchange that a framer makes of a command.
    """
    framer, heard = begun()
    converse(framer, [("client", data)], heard=heard)
    return heard.exchanges[1]


class RefusalTests(SynchronousTestCase):
    """
    L{MySQL.refusal}.
    """

    def test_presets(self) -> None:
        """
        Every preset is stored by its code, has a state, and makes an ERR packet that
        PyMySQL reads as that error.
        """
        wire, exchange = MySQL(), asked(query())
        for code, error in wire.errors.items():
            self.assertEqual(error.code, code)
            self.assertRegex(error.state, r"\A[0-9A-Z]{5}\Z")
            reply = wire.encodeError(exchange, error)
            assert reply is not None
            self.assertEqual(reply.data[3], 1)
            self.assertEqual(int.from_bytes(reply.data[:3], "little"), len(reply.data) - 4)
            self.assertEqual(reply.data[7:13], b"#" + error.state.encode())
            raised = self.assertRaises(
                MySQLError, MysqlPacket(reply.data[4:], "utf-8").raise_for_error
            )
            self.assertEqual(raised.args, (int(code), error.message))

    def test_greeting(self) -> None:
        """
        In place of the greeting the packet is number 0 and names no state, and the
        connection closes.
        """
        wire = MySQL()
        reply = wire.encodeError(Exchange(0, "connect"), wire.errors["1040"])
        self.assertEqual(
            reply, Reply(packet(0, b"\xff\x10\x04Too many connections"), ConnectionFate.CLOSE)
        )
        assert reply is not None
        raised = self.assertRaises(
            OperationalError, MysqlPacket(reply.data[4:], "utf-8").raise_for_error
        )
        self.assertEqual(raised.args, (1040, "Too many connections"))

    def test_then(self) -> None:
        """
        Errors with which a server leaves close the connection, others keep it.
        """
        wire, exchange = MySQL(), asked(query())
        closing = set()
        for code, error in wire.errors.items():
            reply = wire.encodeError(exchange, error)
            if reply is not None and reply.then is ConnectionFate.CLOSE:
                closing.add(code)
        self.assertEqual(closing, {"1040", "1042", "1053", "1129", "1153", "1203", "1927", "4031"})

    def test_free(self) -> None:
        """
        Any code will do, with a state of its own or that of the code; words that are
        too long are cut between characters.
        """
        wire, exchange = MySQL(), asked(query())
        reply = wire.encodeError(exchange, WireError("1234", "é" * 400, "", state="HY000"))
        assert reply is not None
        self.assertEqual(reply.data[4:], b"\xff\xd2\x04#HY000" + ("é" * 256).encode())
        reply = wire.encodeError(exchange, WireError("7", "m", "", state="bad state"))
        self.assertEqual(reply, Reply(packet(1, b"\xff\x07\x00#HY000m")))
        reply = wire.encodeError(exchange, wire.parseError("1064", "m"))
        self.assertEqual(reply and reply.data, packet(1, b"\xff\x28\x04#42000m"))

    def test_unsayable(self) -> None:
        """
        A code that is no error number, and a command without reply, have no answer.
        """
        wire, exchange = MySQL(), asked(query())
        for code in ("LOADING", "0", "65535", "99999", "-1", "", "1" * 5000, "²"):
            self.assertIdentical(wire.encodeError(exchange, WireError(code, "", "")), None)
        for data in (b"\x01", b"\x19\1\0\0\0", b"\x18\1\0\0\0\0\0x"):
            quiet = asked(packet(0, data))
            self.assertIdentical(wire.encodeError(quiet, wire.errors["1213"]), None)
            self.assertEqual(wire.transientErrors(quiet), ())

    def test_long(self) -> None:
        """
        The answer's number follows that of the last packet of the request.
        """
        long = packet(0, b"\x03" + b"x" * 9).replace(b"\x0a\0\0", b"\xff\xff\xff", 1)
        framer, heard = begun()
        converse(framer, [("client", long + b"x" * (FULL - 10))], heard=heard)
        converse(framer, [("client", b"\xff\xff\xff\x01" + bytes(FULL))], heard=heard)
        converse(framer, [("client", packet(2, b"end")), ("client", query())], heard=heard)
        wire = MySQL()
        replies = [wire.encodeError(heard.exchanges[n], wire.errors["1205"]) for n in (1, 2)]
        self.assertEqual([reply.data[3] for reply in replies if reply], [3, 1])


class FittingTests(SynchronousTestCase):
    """
    L{MySQL.transientErrors}.
    """

    def test_fitting(self) -> None:
        """
        All are transient presets: a full server for the greeting, lost locks for SQL,
        a lost branch for XA, shutdown for the rest.
        """
        wire = MySQL()
        wanted = {
            query(): ["1205", "1213"],
            packet(0, b"\x17\1\0\0\0\0\1\0\0\0"): ["1205", "1213"],
            packet(0, b"\x16select ?"): ["1205", "1213"],
            query(b"xa commit 'a'"): ["1614"],
            packet(0, b"\x0e"): ["1053"],
        }
        for data, codes in wanted.items():
            transientErrors = wire.transientErrors(asked(data))
            self.assertEqual([error.code for error in transientErrors], codes)
            self.assertTrue(all(error.transient for error in transientErrors))
        self.assertEqual(
            [each.code for each in wire.transientErrors(Exchange(0, "connect"))], ["1040"]
        )

    def test_transient(self) -> None:
        """
        Transient are those that drivers try again after, and a restart.
        """
        transient = {code for code, error in MySQL().errors.items() if error.transient}
        self.assertEqual(transient, {"1040", "1053", "1205", "1213", "1614"})

    def test_unread(self) -> None:
        """
        Within TLS there is no way to say anything.
        """
        turn = Exchange(3)
        self.assertEqual(MySQL().transientErrors(turn), ())
        self.assertIdentical(MySQL().encodeError(turn, MySQL().errors["1213"]), None)
