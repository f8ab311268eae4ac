"""
The errors that C{error} without a code chooses from: a seed chooses by position, so each list
and its order stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.rules.registry import loadRegistry
from vaurien_twisted.wire.http2.stream import StreamFacts
from vaurien_twisted.wire.mysql.commands import COMMANDS
from vaurien_twisted.wire.postgresql.session import Context, Form

WIRES = loadRegistry().wires

#: For each protocol: exchanges (their number, and their commands), and the codes in order.
LISTS = {
    "http": [
        (1, "GET HEAD POST CONNECT PURGE", "500 502 503 504"),
    ],
    "smtp": [
        (0, "connect", "421"),
        (1, "EHLO HELO NOOP QUIT RSET VRFY", "421"),
        (1, "MAIL DATA MESSAGE BDAT", "451 452"),
        (1, "RCPT", "450 451 452"),
        (1, "AUTH STARTTLS", "454"),
    ],
    "mysql": [
        (0, "connect", "1040"),
        (1, "COM_QUERY COM_STMT_PREPARE COM_STMT_EXECUTE", "1205 1213"),
        (1, "COM_STMT_BULK_EXECUTE COM_STMT_FETCH", "1205 1213"),
        (1, "COM_PING COM_INIT_DB COM_STMT_RESET COM_FIELD_LIST COM_CHANGE_USER", "1053"),
    ],
    "redis": [
        (1, "GET HGET PTTL", "LOADING MASTERDOWN CLUSTERDOWN MAXCLIENTS"),
        (2, "GET HGET PTTL", "LOADING MASTERDOWN CLUSTERDOWN"),
        (2, "SET LPUSH", "LOADING MASTERDOWN READONLY NOREPLICAS CLUSTERDOWN"),
        (1, "DEL", "LOADING MASTERDOWN READONLY NOREPLICAS CLUSTERDOWN TRYAGAIN MAXCLIENTS"),
        (2, "DEL", "LOADING MASTERDOWN READONLY NOREPLICAS CLUSTERDOWN TRYAGAIN"),
        (2, "MGET EXISTS", "LOADING MASTERDOWN CLUSTERDOWN TRYAGAIN"),
        (2, "FLUSHALL", "LOADING MASTERDOWN READONLY NOREPLICAS"),
        (2, "PING SCAN", "LOADING MASTERDOWN"),
        (2, "EVAL", "LOADING CLUSTERDOWN"),
        (2, "CONFIG ACL", "LOADING"),
        (1, "AUTH HELLO MULTI", "MAXCLIENTS"),
        (2, "AUTH HELLO MULTI", "MAXCLIENTS"),
    ],
    "memcache": [
        (
            1,
            "set add replace append prepend cas",
            "SERVER_ERROR temporary failure,SERVER_ERROR out of memory storing object,"
            "SERVER_ERROR out of memory reading request",
        ),
        (
            1,
            "ms ma incr decr",
            "SERVER_ERROR temporary failure,SERVER_ERROR out of memory storing object",
        ),
        (
            1,
            "get gets gat gats",
            "SERVER_ERROR temporary failure,SERVER_ERROR out of memory writing get response,"
            "SERVER_ERROR out of memory reading request",
        ),
        (
            1,
            "mg",
            "SERVER_ERROR temporary failure,SERVER_ERROR out of memory writing get response",
        ),
        (1, "delete touch version stats md", "SERVER_ERROR temporary failure"),
    ],
}

#: The same for PostgreSQL, by the form of the exchange.
FORMS = {
    Form.STARTUP: "53300 57P03",
    Form.SIMPLE: "40001 40P01 55P03",
    Form.SYNCED: "40001 40P01 55P03",
    Form.UNSYNCED: "40001 40P01 55P03",
    Form.COPY: "57P01",
}


def listed() -> Iterator[tuple[str, Exchange, list[str]]]:
    """
    Each protocol, an exchange of it, and the codes that are chosen from.
    """
    for protocol, kinds in LISTS.items():
        for number, commands, codes in kinds:
            for command in commands.split():
                exchange = Exchange(number, command)
                if protocol == "mysql" and number:
                    exchange.context = next(each for each in COMMANDS if each.name == command)
                yield protocol, exchange, codes.split("," if protocol == "memcache" else None)
    branch = Exchange(1, "COM_QUERY", "xa commit 'a'", context=COMMANDS[3])
    yield "mysql", branch, ["1614"]
    for form, codes in FORMS.items():
        yield "postgresql", Exchange(1, "any", context=Context(form, "I")), codes.split()
    call = Exchange(1, "POST", "/shop.Orders/Place", context=StreamFacts(1, grpc=True))
    yield "http", call, ["RESOURCE_EXHAUSTED", "ABORTED", "UNAVAILABLE"]


class TransientErrorsTests(SynchronousTestCase):
    """
    L{IWireProtocol.transientErrors<vaurien_twisted.interfaces.IWireProtocol.transientErrors>}.
    """

    def test_lists(self) -> None:
        """
        Each kind of exchange has its list, in this order.
        """
        for protocol, exchange, codes in listed():
            found = [error.code for error in WIRES[protocol].transientErrors(exchange)]
            self.assertEqual(found, codes, f"{protocol} {exchange.description}")

    def test_none(self) -> None:
        """
        There is none where the client awaits no reply, and where nothing is known of the
        exchange.
        """
        for protocol, wire in WIRES.items():
            if protocol not in ("http", "smtp"):
                quiet = Exchange(1, "GET", context=Context(Form.SILENT, "I"), replies=False)
                self.assertEqual(list(wire.transientErrors(quiet)), [], protocol)
            self.assertEqual(list(wire.transientErrors(Exchange(1))), [], protocol)
