"""
A proxy before PostgreSQL, and clients to it.
"""

from __future__ import annotations

from typing import Any

from tests.integration.postgres import DATABASE, PASSWORD, USER, folderOfPrograms, postgres
from tests.integration.servers import ENVIRONMENT, Server
from tests.integration.support import PATIENCE, ProxyCase, optional

psycopg: Any = optional("psycopg")


class PostgreSQLCase(ProxyCase):
    """
    A proxy before the server, and clients to it.
    """

    skip = None if psycopg is not None else "not installed: psycopg"
    if folderOfPrograms() is None:
        skip = "not installed: postgresql"
    server: Server

    async def prepare(self) -> None:
        """
        Start what is not running.
        """
        self.server = postgres()
        await self.open(self.server.backend, "postgresql")

    def address(self, port: int = 0) -> str:
        """
        What a client wants to know: by default of the proxy, in the clear.
        """
        return (
            f"host=127.0.0.1 port={port or self.proxy.port} user={USER} password={PASSWORD} "
            f"dbname={DATABASE} sslmode=disable gssencmode=disable connect_timeout={PATIENCE:.0f}"
        )

    def connect(self, port: int = 0, **more: Any) -> Any:
        """
        A connection through the proxy, which the end of the test closes.
        """
        more = {"autocommit": True, **more}
        connection = psycopg.connect(self.address(port), **more)
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection: Any, sql: str, *arguments: Any, **more: Any) -> Any:
        """
        All rows that the server answers, C{None} where there are none to have.
        """
        with connection.cursor() as cursor:
            cursor.execute(sql, arguments or None, **more)
            return cursor.fetchall() if cursor.description else None

    def table(self, name: str, value: int = 0) -> None:
        """
        A table C{name} with one row, C{(1, value)}, until the end of the test.
        """
        with psycopg.connect(self.address(self.server.port), autocommit=True) as connection:
            connection.execute(f"CREATE TABLE {name} (id int PRIMARY KEY, value int)")
            connection.execute(f"INSERT INTO {name} VALUES (1, {value})")
        self.addCleanup(self._drop, name)

    def value(self, name: str) -> int:
        """
        What that row says now, asked of the server itself.
        """
        with psycopg.connect(self.address(self.server.port), autocommit=True) as connection:
            [[value]] = connection.execute(f"SELECT value FROM {name} WHERE id = 1").fetchall()
        return int(value)

    def _drop(self, name: str) -> None:
        with psycopg.connect(self.address(self.server.port), autocommit=True) as connection:
            connection.execute(f"DROP TABLE {name}")


#: The environment of the server's own clients.
CLIENT = {**ENVIRONMENT, "PGPASSWORD": PASSWORD, "PGSSLMODE": "disable", "PGGSSENCMODE": "disable"}
