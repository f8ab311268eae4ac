"""
In-band TLS that is refused, so that exchanges are seen: MariaDB, PostgreSQL and SMTP, with
clients that would speak it.
"""

from __future__ import annotations

import smtplib

from twisted.logger import capturedLogs, formatEvent

from tests.integration.authority import papers
from tests.integration.mysql_case import MySQLCase, pymysql
from tests.integration.postgres import securePostgres
from tests.integration.postgres_case import PostgreSQLCase, psycopg
from tests.integration.ruling import fault, rule
from tests.integration.secured import trusting
from tests.integration.smtpd import SMTPCase
from tests.integration.support import inThread

#: The option of the protocol.
REFUSING = {"tls": "refuse"}


class MySQLTests(MySQLCase):
    """
    MariaDB offers TLS in its greeting, and PyMySQL takes it wherever it is offered.
    """

    async def prepare(self) -> None:
        """
        A proxy that keeps it out.
        """
        await super().prepare()
        await self.proxy.stop()
        await self.open(self.server.backend, "mysql", protocolOptions=REFUSING)

    @inThread
    def test_error(self) -> None:
        """
        A client that prefers TLS goes on without, so that a rule can answer it.
        """
        connection = self.connect(ssl_disabled=None)
        [[_, cipher]] = self.ask(connection, "SHOW STATUS LIKE 'Ssl_cipher'")
        self.assertEqual(cipher, "")
        rule(self, fault({"sql": "SELECT 2"}, code="1205"))
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            self.ask(connection, "SELECT 2")
        self.assertEqual(caught.exception.args[0], 1205)
        self.assertEqual(self.ask(connection, "SELECT 3"), ((3,),))
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_wanted(self) -> None:
        """
        A client that insists on TLS learns that there is none.
        """
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            self.connect(ssl={"ca": papers().authority.certificate})
        self.assertIn("SSL", str(caught.exception))
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_passes(self) -> None:
        """
        Without the option it passes, and the log says what can be done.
        """
        self.reopen(self.server.backend, "mysql")
        with capturedLogs() as captured:
            connection = self.connect(ssl_disabled=None)
        self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))
        self.assertEqual(self.opaque(), ["TLS"])
        [line] = [str(formatEvent(each)) for each in captured if "refuse" in str(formatEvent(each))]
        self.assertIn("--protocol-mysql-tls refuse", line)
        self.assertIn("--protocol-mysql-tls-certificate", line)


class PostgreSQLTests(PostgreSQLCase):
    """
    PostgreSQL's clients ask for TLS unless they are told otherwise.
    """

    async def prepare(self) -> None:
        """
        A server that speaks TLS, and a proxy that keeps it out.
        """
        self.server = securePostgres()
        await self.open(self.server.backend, "postgresql", protocolOptions=REFUSING)

    def usual(self, **words: str) -> str:
        """
        What a client wants to know, with its own choice about encryption.
        """
        plain = self.address().replace("sslmode=disable gssencmode=disable", "")
        return " ".join([plain, *(f"{name}={value}" for name, value in words.items())])

    @inThread
    def test_error(self) -> None:
        """
        A client that prefers TLS goes on without, so that a rule can answer it, and the
        plan that is in force when it comes meets its start-up.
        """
        connection = psycopg.connect(self.usual(), autocommit=True)
        self.addCleanup(connection.close)
        self.assertFalse(connection.pgconn.ssl_in_use)
        rule(self, fault({"sql": "SELECT 2"}, code="40001"))
        with self.assertRaises(psycopg.errors.SerializationFailure):
            self.ask(connection, "SELECT 2")
        self.assertEqual(self.ask(connection, "SELECT 3"), [(3,)])
        rule(self, fault({"command": "STARTUP"}, code="53300"))
        with self.assertRaises(psycopg.OperationalError) as caught:
            psycopg.connect(self.usual())
        self.assertIn("too many clients", str(caught.exception))
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_wanted(self) -> None:
        """
        A client that insists on TLS learns that there is none.
        """
        with self.assertRaises(psycopg.OperationalError) as caught:
            psycopg.connect(self.usual(sslmode="require"))
        self.assertIn("does not support SSL", str(caught.exception))

    @inThread
    def test_slowly(self) -> None:
        """
        Stages that keep back what the client says first do not hinder it.
        """
        self.behave("latency", latency=50)
        connection = psycopg.connect(self.usual(), autocommit=True)
        self.addCleanup(connection.close)
        self.assertEqual(self.ask(connection, "SELECT 1"), [(1,)])


class SMTPTests(SMTPCase):
    """
    STARTTLS.
    """

    speaksTLS = True

    async def prepare(self) -> None:
        """
        A proxy that keeps it out.
        """
        await super().prepare()
        await self.proxy.stop()
        await self.open(f"127.0.0.1:{self.port}", "smtp", protocolOptions=REFUSING)

    @inThread
    def test_error(self) -> None:
        """
        It is not offered, so the client sends without it, and a rule can refuse a recipient.
        """
        client = self.connect()
        client.ehlo()
        self.assertFalse(client.has_extn("starttls"))
        self.assertTrue(client.has_extn("size"))
        self.assertRaises(smtplib.SMTPNotSupportedError, client.starttls, context=trusting())
        rule(self, fault({"recipient": "b@example.org"}, code="452"))
        raised = self.assertRaises(smtplib.SMTPRecipientsRefused, self.send, client)
        self.assertEqual(raised.recipients["b@example.org"][0], 452)
        self.send(client, "c@example.org")
        self.assertEqual(len(self.mailbox.mails), 1)
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_wanted(self) -> None:
        """
        A client that asks for it all the same is refused by the server, and may go on.
        """
        client = self.connect()
        client.ehlo()
        self.assertEqual(client.docmd("STARTTLS")[0] // 100, 5)
        self.send(client)
        self.assertEqual((len(self.mailbox.mails), self.opaque()), (1, []))
