"""
Transactions of Redis on which errors are injected: what the server is left with, asked of
the server itself.
"""

from __future__ import annotations

from typing import Any

from tests.integration.redis_case import VERSIONS, RedisWireCase, redis
from tests.integration.ruling import fault, rule
from tests.integration.support import inThread

ABORTED = "Transaction discarded because of previous errors."


class TransactionTests(RedisWireCase):
    """
    What is left of a transaction.
    """

    def raised(self, task: Any, *arguments: Any) -> str:
        """
        The words of the error that C{task} raises.
        """
        with self.assertRaises(redis.exceptions.RedisError) as caught:
            task(*arguments)
        return str(caught.exception)

    def values(self, *keys: str) -> list[Any]:
        """
        What the server itself says.
        """
        direct = self.client(self.server.port)
        return list(direct.mget(keys))

    @inThread
    def test_exec_pitfall22(self) -> None:
        """
        An error in EXEC's place discards the transaction: what comes next is answered, and
        the next EXEC has nothing to carry out.
        """
        for version in VERSIONS:
            for code in ("EXECABORT", "LOADING", "OOM", "MOVED", "nil"):
                self.client(self.server.port).delete("first")
                client = self.client(protocol=version)
                client.ping()
                rule(self, fault({"command": "EXEC"}, code=code))
                client.execute_command("MULTI")
                client.execute_command("SET", "first", "1")
                if code == "nil":
                    self.assertIsNone(client.execute_command("EXEC"))
                else:
                    self.raised(client.execute_command, "EXEC")
                rule(self)
                self.assertIsNone(client.get("first"), code)
                self.assertIn("without MULTI", self.raised(client.execute_command, "EXEC"))
                self.assertEqual(self.values("first"), [None], code)

    @inThread
    def test_halves_pitfall22(self) -> None:
        """
        Errors on every fifth command never leave half a transaction.
        """
        self.client(self.server.port).delete("first", "second")
        client = self.client()
        client.ping()
        self.behave("20:error")
        failed = 0
        for _ in range(150):
            pipe = client.pipeline(transaction=True)
            pipe.incr("first").incr("second")
            try:
                pipe.execute()
            except redis.exceptions.RedisError:
                failed += 1
        self.behave("dummy")
        first, second = self.values("first", "second")
        self.assertEqual(first, second)
        self.assertGreater(failed, 20)
        self.assertGreater(int(first), 10)

    @inThread
    def test_inside_pitfall22(self) -> None:
        """
        An error on a queued command, whatever it says: EXEC answers EXECABORT.
        """
        for where in ("request", "reply"):
            for code in ("OOM", "WRONGTYPE", "nil", "NOSCRIPT"):
                self.client(self.server.port).delete("first", "second")
                client = self.client()
                rule(self, fault({"key": "second"}, code=code, at=where))
                client.execute_command("MULTI")
                client.incr("first")
                if code == "nil":
                    self.assertIsNone(client.incr("second"))
                else:
                    self.raised(client.incr, "second")
                self.assertIn(ABORTED, self.raised(client.execute_command, "EXEC"))
                self.assertEqual(self.values("first", "second"), [None, None], (where, code))
                self.assertEqual(client.incr("first"), 1)

    @inThread
    def test_watch(self) -> None:
        """
        A null for EXEC is a failed WATCH to redis-py, which then tries again and succeeds.
        """
        self.client(self.server.port).set("first", "1")
        client = self.client()
        rule(self, {**fault({"command": "EXEC"}, code="nil"), "times": 2})
        seen = []

        def double(pipe: Any) -> None:
            value = int(pipe.get("first"))
            seen.append(value)
            pipe.multi()
            pipe.set("first", value * 2)

        client.transaction(double, "first")
        self.assertEqual(seen, [1, 1, 1])
        self.assertEqual(self.values("first"), [b"2"])

    @inThread
    def test_multi(self) -> None:
        """
        A refused MULTI begins no transaction: commands are carried out at once.
        """
        for where in ("request", "reply"):
            self.client(self.server.port).delete("first")
            client = self.client()
            rule(self, fault({"command": "MULTI"}, code="OOM", at=where))
            self.raised(client.execute_command, "MULTI")
            self.assertEqual(client.incr("first"), 1)
            self.assertIn("without MULTI", self.raised(client.execute_command, "EXEC"))
