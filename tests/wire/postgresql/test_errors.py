"""
Tests for L{vaurien_twisted.wire.postgresql.errors}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.postgresql.conversation_parts import READY, message
from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.postgresql.protocol import PostgreSQL
from vaurien_twisted.wire.postgresql.session import Context, Form


def exchange(form: Form, status: str = "I") -> Exchange:
    """
    An exchange of this form.
    """
    return Exchange(2, "any", context=Context(form, status), replies=form is not Form.SILENT)


def refuse(asked: Exchange, error: WireError) -> Reply:
    """
    How the exchange is refused, which must be possible.
    """
    reply = PostgreSQL().encodeError(asked, error)
    if reply is None:
        raise AssertionError("no refusal")
    return reply


class PresetTests(SynchronousTestCase):
    """
    The presets.
    """

    def test_codes(self) -> None:
        """
        Each is listed under its SQLSTATE, and those that fit are transient.
        """
        wire = PostgreSQL()
        for code, error in wire.errors.items():
            self.assertEqual((error.code, error.state), (code, code))
            self.assertTrue(error.message and error.description)
        for form in Form:
            for error in wire.transientErrors(exchange(form)):
                self.assertTrue(error.transient)
        wanted = "40001 40P01 53300 57P01 57P02 57P03 55P03 08006 57014 25006 53100 53200 28P01"
        wanted += " 23505 25P03 57P04 57P05"
        self.assertEqual(set(wire.errors), set(wanted.split()))

    def test_fitting(self) -> None:
        """
        They fit what is asked.
        """
        wire = PostgreSQL()

        def codes(form: Form) -> set[str]:
            return {error.code for error in wire.transientErrors(exchange(form))}

        self.assertEqual(codes(Form.STARTUP), {"53300", "57P03"})
        self.assertEqual(codes(Form.SIMPLE), {"40001", "40P01", "55P03"})
        self.assertEqual(codes(Form.SYNCED), codes(Form.SIMPLE))
        self.assertEqual(codes(Form.COPY), {"57P01"})
        self.assertEqual(codes(Form.SILENT), set())


class RefusalTests(SynchronousTestCase):
    """
    The bytes.
    """

    deadlock = PostgreSQL().errors["40P01"]

    def test_bytes(self) -> None:
        """
        An ErrorResponse and ReadyForQuery, as the server writes them.
        """
        reply = refuse(exchange(Form.SIMPLE), self.deadlock)
        body = b"SERROR\0VERROR\0C40P01\0Mdeadlock detected\0\0"
        self.assertEqual(reply, Reply(message("E", body) + READY))

    def test_status(self) -> None:
        """
        Within a transaction, the transaction has failed.
        """
        for status, told in (("I", b"I"), ("T", b"E"), ("E", b"E")):
            reply = refuse(exchange(Form.SYNCED, status), self.deadlock)
            self.assertEqual(reply.data[-1:], told)

    def test_unsynced(self) -> None:
        """
        Behind a Flush the error comes at once, and the Sync brings ReadyForQuery.
        """
        reply = refuse(exchange(Form.UNSYNCED), self.deadlock)
        self.assertTrue(reply.early)
        self.assertNotIn(READY, reply.data)
        self.assertIs(reply.then, ConnectionFate.KEEP)

    def test_fatal(self) -> None:
        """
        What ends a session says so, closes, and is not ready for more.
        """
        for form, code in (
            (Form.SIMPLE, "57P01"),
            (Form.STARTUP, "53300"),
            (Form.STARTUP, "40P01"),
            (Form.COPY, "57P01"),
        ):
            reply = refuse(exchange(form), PostgreSQL().errors[code])
            self.assertIn(b"SFATAL\0VFATAL\0C" + code.encode(), reply.data)
            self.assertTrue(reply.data.endswith(b"\0\0"))
            self.assertIs(reply.then, ConnectionFate.CLOSE)
            self.assertFalse(reply.early)

    def test_freeCode(self) -> None:
        """
        Any SQLSTATE can be said, other codes cannot.
        """
        reply = refuse(exchange(Form.SIMPLE), WireError("p0001", "caf\xe9\0", "", state=""))
        self.assertIn(b"CP0001\0Mcaf\xc3\xa9\0\0", reply.data)
        for code in ("1213", "4000 ", "400012", "4000\xe9"):
            error = WireError(code, "no", "")
            self.assertIsNone(PostgreSQL().encodeError(exchange(Form.SIMPLE), error))

    def test_silent(self) -> None:
        """
        What has no reply cannot be refused.
        """
        self.assertIsNone(PostgreSQL().encodeError(exchange(Form.SILENT), self.deadlock))
        self.assertIsNone(PostgreSQL().encodeError(Exchange(0, "connect"), self.deadlock))
