"""
A proxy before MariaDB, and clients to it.
"""

from __future__ import annotations

from typing import Any

from tests.integration.mariadb import DATABASE, PASSWORD, USER, mariadb
from tests.integration.servers import Server, missing
from tests.integration.support import PATIENCE, ProxyCase, optional

pymysql: Any = optional("pymysql")

#: Over 16 MiB: it takes two packets of the protocol.
BIG = 17 * 10**6


class MySQLCase(ProxyCase):
    """
    A proxy before the server, and clients to it.
    """

    skip = missing("mariadbd", "mariadb-install-db", "mariadb")
    if pymysql is None:
        skip = "not installed: PyMySQL"
    server: Server

    async def prepare(self) -> None:
        """
        Start what is not running.
        """
        self.server = mariadb()
        await self.open(self.server.backend, "mysql")

    def connect(self, port: int = 0, **more: Any) -> Any:
        """
        A connection through the proxy, which the end of the test closes; in the clear,
        unless C{ssl} is given.
        """
        # Else PyMySQL speaks TLS wherever the server can.
        more.setdefault("ssl_disabled", "ssl" not in more)
        for each in ("read_timeout", "write_timeout", "connect_timeout"):
            more.setdefault(each, PATIENCE)
        connection = pymysql.connect(
            host="127.0.0.1",
            port=port or self.proxy.port,
            user=USER,
            password=PASSWORD,
            database=DATABASE,
            autocommit=True,
            max_allowed_packet=2**26,
            **more,
        )
        self.addCleanup(lambda: connection.open and connection._force_close())
        return connection

    def ask(self, connection: Any, sql: str, *arguments: Any) -> Any:
        """
        All rows that the server answers.
        """
        with connection.cursor() as cursor:
            cursor.execute(sql, arguments or None)
            return cursor.fetchall()

    def words(self) -> list[str]:
        """
        What the programs of MariaDB want to know.
        """
        return [
            "--no-defaults",
            "--host=127.0.0.1",
            f"--port={self.proxy.port}",
            f"--user={USER}",
            f"--password={PASSWORD}",
            f"--database={DATABASE}",
            "--batch",
            "--skip-column-names",
            "--skip-ssl",
        ]
