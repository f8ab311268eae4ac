"""
In-band TLS that is read: MariaDB, PostgreSQL and SMTP, with their own clients.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from typing import Any

from twisted.internet.threads import deferToThread

from tests.integration.authority import papers
from tests.integration.mysql_case import BIG, MySQLCase, pymysql
from tests.integration.postgres import securePostgres
from tests.integration.postgres_case import PostgreSQLCase, psycopg
from tests.integration.ruling import decided, fault, rule
from tests.integration.secured import trusting
from tests.integration.servers import freePort
from tests.integration.smtpd import PASSWORD, USER, Mailbox, SMTPCase, controllers
from tests.integration.support import inThread, run


def reading(**more: str) -> dict[str, str]:
    """
    The options of a protocol whose TLS is read.
    """
    own = papers().server
    return {"tls_certificate": own.certificate, "tls_key": own.key, **more}


class MySQLTests(MySQLCase):
    """
    MariaDB: the client asks for TLS in answer to the greeting.
    """

    async def prepare(self) -> None:
        """
        A proxy that reads TLS, and checks the server's certificate.
        """
        await super().prepare()
        await self.proxy.stop()
        options = reading(tls_ca=papers().authority.certificate, tls_name="127.0.0.1")
        await self.open(self.server.backend, "mysql", protocolOptions=options)

    def secure(self, **more: Any) -> Any:
        """
        A connection that checks the proxy's certificate.
        """
        return self.connect(ssl={"ca": papers().authority.certificate}, **more)

    @inThread
    def test_error(self) -> None:
        """
        A rule answers a query with error 1213 within TLS, and the session goes on.
        """
        connection = self.secure()
        [[_, cipher]] = self.ask(connection, "SHOW STATUS LIKE 'Ssl_cipher'")
        self.assertNotEqual(cipher, "")
        rule(self, fault({"sql": "SELECT 2"}, code="1213"))
        self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))
        raised = self.assertRaises(pymysql.err.OperationalError, self.ask, connection, "SELECT 2")
        self.assertEqual(raised.args[0], 1213)
        self.assertEqual(self.ask(connection, "SELECT 3"), ((3,),))
        self.assertEqual((self.opaque(), decided(self)), ([], ["COM_QUERY SELECT 2"]))

    @inThread
    def test_much(self) -> None:
        """
        Commands and results of several packets pass within TLS, as without.
        """
        connection = self.secure()
        text = "x" * BIG
        [[length]] = self.ask(connection, "SELECT LENGTH(%s)", text)
        self.assertEqual(length, BIG)
        [[found]] = self.ask(connection, f"SELECT REPEAT('y', {BIG})")
        self.assertEqual(len(found), BIG)
        self.assertEqual(len(self.ask(connection, "SELECT seq FROM seq_1_to_10000")), 10000)

    @inThread
    def test_clear(self) -> None:
        """
        A client that does not ask for TLS has none.
        """
        [[_, cipher]] = self.ask(self.connect(), "SHOW STATUS LIKE 'Ssl_cipher'")
        self.assertEqual(cipher, "")

    @inThread
    def test_commandLine(self) -> None:
        """
        So it is for C{mariadb}, which checks the certificate as well.
        """
        trust = ["--ssl", f"--ssl-ca={papers().authority.certificate}", "--ssl-verify-server-cert"]
        rule(self, fault({"sql": "SELECT 2"}, code="1205"))
        ended = run(
            "mariadb", *self.words(), *trust, "--force", said="SELECT 1; SELECT 2; SELECT 3"
        )
        self.assertEqual(ended.stdout.split(), ["1", "3"])
        self.assertIn("1205", ended.stderr)

    @inThread
    def test_denied(self) -> None:
        """
        A wrong password is refused by the server, within TLS.
        """
        raised = self.assertRaises(
            pymysql.err.OperationalError,
            pymysql.connect,
            host="127.0.0.1",
            port=self.proxy.port,
            user="app",
            password="wrong",
            ssl={"ca": papers().authority.certificate},
        )
        self.assertEqual(raised.args[0], 1045)

    @inThread
    def test_notTrusted(self) -> None:
        """
        Where we do not trust the server the client's connection ends, and the journal says
        why.
        """
        other = papers().elsewhere.certificate
        self.reopen(self.server.backend, "mysql", protocolOptions=reading(tls_ca=other))
        self.assertRaises((pymysql.err.OperationalError, OSError), self.secure)
        [told] = [e["reason"] for e in self.proxy.journal.since() if e["kind"] == "tls"]
        self.assertEqual(told, "with the backend: certificate verify failed")

    @inThread
    def test_weShowOne(self) -> None:
        """
        A user of whom the server wants a certificate can be one, if the proxy has it.
        """
        where = f"--socket={self.server.folder}/socket"
        sql = "CREATE OR REPLACE USER careful@'%' IDENTIFIED BY 'secret' REQUIRE X509"
        run("mariadb", "--no-defaults", where, "--user=root", f"--execute={sql}")
        words: dict[str, Any] = {"user": "careful", "password": "secret", "host": "127.0.0.1"}
        words["ssl"] = {"ca": papers().authority.certificate}
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            pymysql.connect(port=self.proxy.port, **words)
        self.assertEqual(caught.exception.args[0], 1045)
        options = reading(tls_client=papers().client.both)
        self.reopen(self.server.backend, "mysql", protocolOptions=options)
        connection = pymysql.connect(port=self.proxy.port, **words)
        self.addCleanup(connection.close)
        self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))

    @inThread
    def test_greeting(self) -> None:
        """
        An error in place of the greeting is in the clear: nobody has asked for TLS yet.
        """
        rule(self, fault({"command": "connect"}, code="1040", at="greeting"))
        raised = self.assertRaises(pymysql.err.OperationalError, self.secure)
        self.assertEqual(raised.args[0], 1040)

    @inThread
    def test_slowly(self) -> None:
        """
        While a behavior keeps back what is said in the clear TLS has to wait, and begins
        then.
        """
        self.behave("latency", latency=50)
        connection = self.secure()
        self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))
        self.behave("slicer", average_size=7)
        connection = self.secure()
        self.assertEqual(self.ask(connection, "SELECT 1"), ((1,),))
        self.assertEqual(self.opaque(), [])


class PostgreSQLTests(PostgreSQLCase):
    """
    PostgreSQL: the client asks for TLS, and the server answers with a letter.
    """

    async def prepare(self) -> None:
        """
        A proxy that reads TLS, and checks the server's certificate.
        """
        self.server = securePostgres()
        options = reading(tls_ca=papers().authority.certificate, tls_name="localhost")
        await self.open(self.server.backend, "postgresql", protocolOptions=options)

    def address(self, port: int = 0) -> str:
        """
        The same with TLS, and a look at the proxy's certificate.
        """
        plain = super().address(port)
        return plain.replace(
            "sslmode=disable",
            f"sslmode=verify-full sslrootcert={papers().authority.certificate}",
        )

    @inThread
    def test_error(self) -> None:
        """
        A rule answers a query with 40001 within TLS, and the session goes on.
        """
        connection = self.connect()
        secured = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        self.assertEqual(self.ask(connection, secured), [(True,)])
        rule(self, fault({"sql": "SELECT 2"}, code="40001"))
        self.assertEqual(self.ask(connection, "SELECT 1"), [(1,)])
        with self.assertRaises(psycopg.errors.SerializationFailure):
            self.ask(connection, "SELECT 2")
        self.assertEqual(self.ask(connection, "SELECT 3"), [(3,)])
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_binding(self) -> None:
        """
        With the server's own certificate a client can even bind its password to it
        (SCRAM-SHA-256-PLUS).
        """
        connection = psycopg.connect(self.address() + " channel_binding=require")
        self.addCleanup(connection.close)
        self.assertEqual(self.ask(connection, "SELECT 1"), [(1,)])

    @inThread
    def test_otherCertificate(self) -> None:
        """
        With another one the client must be told not to.
        """
        own = papers().authority.sign("another", "127.0.0.1")
        options = {"tls_certificate": own.both}
        self.reopen(self.server.backend, "postgresql", protocolOptions=options)
        with self.assertRaises(psycopg.OperationalError):
            psycopg.connect(self.address()).close()
        connection = psycopg.connect(self.address() + " channel_binding=disable")
        self.addCleanup(connection.close)
        self.assertEqual(self.ask(connection, "SELECT 1"), [(1,)])

    @inThread
    def test_much(self) -> None:
        """
        A large parameter and many rows, within TLS.
        """
        connection = self.connect()
        self.assertEqual(self.ask(connection, "SELECT length(%s)", "x" * 5_000_000), [(5_000_000,)])
        rows = self.ask(connection, "SELECT generate_series(1, 50000)")
        self.assertEqual(len(rows), 50000)

    @inThread
    def test_startup(self) -> None:
        """
        The start-up is seen within TLS: a connection is refused there.
        """
        rule(self, fault({"command": "STARTUP"}, code="53300"))
        with self.assertRaises(psycopg.OperationalError) as caught:
            self.connect()
        self.assertIn("too many clients", str(caught.exception))

    @inThread
    def test_slowly(self) -> None:
        """
        A delay of what is said in the clear, and stages, do not hinder it.
        """
        self.behave("latency", latency=50)
        self.assertEqual(self.ask(self.connect(), "SELECT 1"), [(1,)])
        self.behave("slicer", average_size=3)
        self.assertEqual(self.ask(self.connect(), "SELECT 1"), [(1,)])
        self.assertEqual(self.opaque(), [])


class SMTPTests(SMTPCase):
    """
    SMTP: STARTTLS.
    """

    async def prepare(self) -> None:
        """
        A server that wants STARTTLS before anything else, and a proxy that reads it.
        """
        self.mailbox = Mailbox()
        self.port = freePort()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(papers().server.certificate, papers().server.key)
        controller = controllers.Controller(
            self.mailbox,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=self.mailbox.authenticate,
            decode_data=False,
            tls_context=context,
            require_starttls=True,
        )
        await deferToThread(controller.start)
        self.addCleanup(deferToThread, controller.stop)
        options = reading(tls_ca=str(papers().authority.folder), tls_name="127.0.0.1")
        await self.open(f"127.0.0.1:{self.port}", "smtp", protocolOptions=options)

    def secure(self) -> smtplib.SMTP:
        """
        A client that has said STARTTLS, and checks the proxy's certificate.
        """
        client = smtplib.SMTP("localhost", self.proxy.port, "client.example", timeout=15)
        self.addCleanup(client.close)
        client.starttls(context=trusting())
        return client

    @inThread
    def test_mail(self) -> None:
        """
        A mail is sent within TLS, by a client that has shown who it is.
        """
        client = self.secure()
        client.login(USER, PASSWORD)
        self.send(client)
        client.quit()
        self.assertEqual(len(self.mailbox.mails), 1)
        self.assertEqual(self.opaque(), [])

    @inThread
    def test_error(self) -> None:
        """
        A rule refuses a recipient within TLS, and the session goes on.
        """
        client = self.secure()
        rule(self, fault({"recipient": "b@example.org"}, code="452"))
        raised = self.assertRaises(smtplib.SMTPRecipientsRefused, self.send, client)
        self.assertEqual(raised.recipients["b@example.org"][0], 452)
        self.send(client, "c@example.org")
        self.assertEqual(len(self.mailbox.mails), 1)

    @inThread
    def test_otherTransports(self) -> None:
        """
        The same over Twisted's own transports, and over a connection that began with a
        header of the PROXY protocol.
        """
        backend = f"tcp:127.0.0.1:{self.port}"
        for listen in ("tcp:0:interface=127.0.0.1", "haproxy:127.0.0.1:0"):
            self.reopen(backend, "smtp", listen=listen, protocolOptions=reading())
            client = smtplib.SMTP(local_hostname="client.example", timeout=15)
            self.addCleanup(client.close)
            sock = socket.create_connection(("127.0.0.1", self.proxy.port), 15)
            if listen.startswith("haproxy"):
                sock.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 25\r\n")
            client.sock = sock
            self.assertEqual(client.getreply()[0], 220)
            client._host = "localhost"
            client.starttls(context=trusting())
            rule(self, fault({"command": "NOOP"}, code="451"))
            self.assertEqual(client.noop()[0], 451)

    @inThread
    def test_refused(self) -> None:
        """
        STARTTLS itself can be refused: the session then goes on in the clear.
        """
        rule(self, fault({"command": "STARTTLS"}, code="454"))
        client = self.connect()
        client.ehlo()
        self.assertRaises(smtplib.SMTPResponseException, client.starttls, context=trusting())
        self.assertEqual(client.noop()[0], 250)

    @inThread
    def test_injected(self) -> None:
        """
        What a client says in the clear behind STARTTLS does not count as said within TLS.
        """
        client = self.connect()
        client.ehlo()
        client.send(b"STARTTLS\r\nMAIL FROM:<a@")
        self.assertEqual(client.getreply()[0], 220)
        context = trusting()
        assert client.sock is not None
        client.sock = context.wrap_socket(client.sock, server_hostname="localhost")
        client.file = None
        self.assertEqual(client.docmd("EHLO", "client.example")[0], 250)
        self.assertEqual(client.docmd("NOOP")[0], 250)

    @inThread
    def test_slowly(self) -> None:
        """
        A delay of the reply to STARTTLS, and stages, do not hinder it.
        """
        self.behave("delay", sleep=0.05, before=False)
        self.assertEqual(self.secure().noop()[0], 250)
        self.behave("latency", latency=50)
        self.assertEqual(self.secure().noop()[0], 250)
        self.assertEqual(self.opaque(), [])
