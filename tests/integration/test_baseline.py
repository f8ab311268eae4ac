"""
With no rule in force every exchange is counted, timed and can be seen.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.threads import blockingCallFromThread

from tests.integration.mysql_case import MySQLCase
from tests.integration.postgres_case import PostgreSQLCase
from tests.integration.redis_case import RedisWireCase
from tests.integration.support import inThread, theReactor
from vaurien_twisted.metrics.observe import describeConnection, describeProxy


def look(case: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    What the control service says of a test's proxy, and of its latest connection.
    """

    def looking() -> Any:
        proxy = case.proxy.proxy
        link = max(proxy.links, key=lambda link: link.connection.number)
        return describeProxy(proxy), describeConnection(proxy, link)

    told: tuple[dict[str, Any], dict[str, Any]] = blockingCallFromThread(theReactor(), looking)
    return told


def check(case: Any, ask: Any, times: int, last: str) -> None:
    """
    Ask several times: the baseline grows by as many, and the latest request is shown.
    """
    ask()
    before, _ = look(case)
    for _ in range(times):
        ask()
    proxy, connection = look(case)
    case.assertEqual(proxy["exchanges"] - before["exchanges"], times)
    case.assertEqual(proxy["duration"]["count"] - before["duration"]["count"], times)
    case.assertEqual(proxy["faults"], 0)
    case.assertEqual(connection["exchanges"], proxy["exchanges"])
    case.assertEqual(connection["last"], last)
    percentiles = [proxy["duration"][name] for name in ("p50", "p95", "p99")]
    case.assertEqual(percentiles, sorted(percentiles))
    case.assertGreater(percentiles[0], 0)


class RedisBaselineTests(RedisWireCase):
    """
    Redis.
    """

    @inThread
    def test_baseline(self) -> None:
        """
        One request at a time, and a pipeline.
        """
        client = self.client()
        check(self, lambda: client.get("a"), 20, "GET a")

        with client.pipeline(transaction=False) as several:
            # The first one opens a connection.
            several.get("a").execute()
            before, _ = look(self)
            several.get("a").set("b", "c").execute()
        after, connection = look(self)
        self.assertEqual(after["duration"]["count"] - before["duration"]["count"], 2)
        self.assertEqual(connection["last"], "SET b")


class MySQLBaselineTests(MySQLCase):
    """
    MySQL.
    """

    @inThread
    def test_baseline(self) -> None:
        """
        Queries.
        """
        connection = self.connect()
        check(self, lambda: self.ask(connection, "SELECT 1"), 20, "COM_QUERY SELECT 1")


class PostgreSQLBaselineTests(PostgreSQLCase):
    """
    PostgreSQL.
    """

    @inThread
    def test_baseline(self) -> None:
        """
        Queries, simple and extended.
        """
        connection = self.connect(prepare_threshold=None)
        check(self, lambda: self.ask(connection, "SELECT 1"), 20, "Query SELECT 1")
        check(self, lambda: self.ask(connection, "SELECT %s::int", 1), 20, "Execute SELECT $1::int")
