"""
Tests for L{vaurien_twisted.wire.errors}: what follows from the rows of a catalog.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.test_transient_errors import WIRES, listed
from vaurien_twisted.model.commands import Transaction
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.wire.errors import ErrorCatalog

CATALOG = ErrorCatalog(
    "toy",
    (
        WireError("full", "no room", "The disk is full.", fits=("write",)),
        WireError("busy", "later", "Too much to do.", fits=("write", "read")),
        WireError("lost", "rolled back", "Lost.", transaction=Transaction.ENDED),
        WireError("bye", "good bye", "It stops.", closes=True),
    ),
    form="a word in upper case",
    isCode=lambda code, message: code.isupper(),
    messageOf=lambda code, message: message or code.lower(),
    situations=lambda exchange: (exchange.command,),
    transaction=Transaction.KEPT,
)


class CatalogTests(SynchronousTestCase):
    """
    L{ErrorCatalog}.
    """

    def test_transactions(self) -> None:
        """
        A row says what is left of a transaction only where it differs from the protocol's rule.
        """
        left = {code: error.transaction for code, error in CATALOG.presets.items()}
        kept, ended, closed = Transaction.KEPT, Transaction.ENDED, Transaction.CLOSED
        self.assertEqual(left, {"full": kept, "busy": kept, "lost": ended, "bye": closed})
        bare = ErrorCatalog("toy", CATALOG.rows)
        self.assertEqual(tuple(bare.presets.values()), CATALOG.rows)

    def test_transient(self) -> None:
        """
        Those whose rows name the situation, in the order of the rows.
        """
        for command, codes in (("write", ["full", "busy"]), ("read", ["busy"]), ("else", [])):
            found = CATALOG.transient(Exchange(1, command))
            self.assertEqual([error.code for error in found], codes)

    def test_parse(self) -> None:
        """
        A preset, with a message of its own or another; a code of the user's own; a mistake.
        """
        self.assertIs(CATALOG.parse("busy", ""), CATALOG.presets["busy"])
        other = CATALOG.parse("busy", "now")
        self.assertEqual((other.message, other.fits), ("now", ("write", "read")))
        own = CATALOG.parse("OWN", "")
        self.assertEqual((own.message, own.transaction), ("own", Transaction.KEPT))
        self.assertFalse(own.transient)
        refused = self.assertRaises(Refused, CATALOG.parse, "bussy", "")
        self.assertIn("a word in upper case", refused.description)
        self.assertIn("did you mean 'busy'?", refused.description)


class RowTests(SynchronousTestCase):
    """
    The rows of all protocols.
    """

    def test_chosen(self) -> None:
        """
        A preset that is said to be transient is chosen for an exchange, and no other is.
        """
        chosen: dict[str, set[str]] = {}
        for protocol, exchange, _ in listed():
            codes = {error.code for error in WIRES[protocol].transientErrors(exchange)}
            chosen.setdefault(protocol, set()).update(codes)
        for protocol, wire in WIRES.items():
            transient = {code for code, error in wire.errors.items() if error.transient}
            self.assertEqual(transient, chosen.get(protocol, set()), protocol)
