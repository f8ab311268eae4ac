"""
Tests for what skimmers of mysql, postgresql and memcache must know: what applications ask
all day long is passed over, not only what is easily read.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.exchanges import (
    BOUND,
    COLUMNS,
    ITEM,
    POSTGRESQL_OPENING,
    PREPARE,
    RAN,
    RUNS,
    Unit,
    cached,
    columns,
    execution,
    mysqlOpening,
    named,
    prepared,
    unit,
)
from tests.relays.exchanges import PARSED as DONE
from tests.relays.support import REGISTRY
from tests.wire.mysql.script import ok, query, table
from tests.wire.postgresql.conversation_parts import READY, SYNC, parse
from tests.wire.postgresql.conversation_parts import query as select
from tests.wire.support import Heard, converse
from vaurien_twisted.model.exchange import Exchange, PassedBatch
from vaurien_twisted.wire.mysql.packets import packet


class PlainTests(SynchronousTestCase):
    """
    Nothing is told apart of these.
    """

    def passes(self, wire: str, opening: Unit, *units: Unit) -> None:
        """
        After the opening, the units are passed over, requests and replies.
        """
        protocol: Any = REGISTRY.wire(wire)
        framer = protocol.framer(protocol.options(), "backend:1")
        heard = Heard()
        if protocol.greets:
            heard.exchanges[0] = Exchange(0, "connect")
            framer.expect(heard.exchanges[0])
        converse(framer, opening, heard=heard)
        for (_, request), (_, reply) in units:
            run = framer.requests(request, None)
            self.assertIsInstance(run, PassedBatch, repr(request))
            count = run.left
            self.assertEqual(framer.replies(reply), count, request)
            self.assertEqual(run.left, 0)

    def test_memcache(self) -> None:
        """
        Values are got and stored, alone and in pipelines, whatever bytes their keys have.
        """
        self.passes(
            "memcache",
            [],
            unit(b"get k\r\n", ITEM + b"END\r\n"),
            unit(b"get a b c\r\n", ITEM * 3 + b"END\r\n"),
            unit(b"get \xff\x10\r\n", b"END\r\n"),
            unit(b"gets k\r\nget k\r\n", b"END\r\n" * 2),
            unit(b"set k 0 60 3\r\nabc\r\n" * 2, b"STORED\r\n" * 2),
            unit(b"set k 0 0 3\r\nabc\r\nget k\r\ndelete k\r\n", b"STORED\r\nEND\r\nDELETED\r\n"),
            unit(b"cas k 0 0 1 7\r\nx\r\n", b"EXISTS\r\n"),
            unit(b"incr n 1\r\ntouch n 9\r\n", b"8\r\nTOUCHED\r\n"),
            unit(b"mg k v t\r\nms k 1 T9\r\nx\r\n", b"VA 2 t-1\r\nab\r\nHD\r\n"),
        )

    def test_mysql(self) -> None:
        """
        Queries and executions with the results of any server and client.
        """
        for deprecated in (False, True):
            self.passes(
                "mysql",
                [*mysqlOpening(deprecated, True), *unit(PREPARE, prepared(1, deprecated))],
                unit(query(), table(1, 1, 2, deprecated)),
                unit(query(), table(1, 0, 2, deprecated)),
                unit(query(), columns(9, 300, deprecated)),
                unit(query(b"update t"), ok(1)),
                unit(execution(1, b"\3\0"), table(1, 2, 2, deprecated)),
                unit(execution(1), table(1, 2, 2, deprecated)),
                unit(packet(0, b"\x0e"), ok(1)),
                unit(packet(0, b"\2shop"), ok(1)),
                *cached(deprecated),
            )

    def test_postgresql(self) -> None:
        """
        Queries, and groups that prepare, bind and execute.
        """
        self.passes(
            "postgresql",
            # What follows the start-up shows that it is over.
            [*POSTGRESQL_OPENING, *unit(select("select 1"), RAN)],
            unit(select("select 1"), COLUMNS + READY),
            unit(select("select 1") * 2, (COLUMNS + READY) * 2),
            unit(parse("select $1", "s") + SYNC, DONE + READY),
            unit(named("s"), RAN),
            unit(parse("select $1") + RUNS, DONE + RAN),
            unit(named("s") * 2, BOUND + READY + BOUND + READY),
        )
