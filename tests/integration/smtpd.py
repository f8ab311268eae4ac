"""
An SMTP server in this process, and a proxy before it.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import attrs
from twisted.internet.threads import deferToThread

from tests.integration.authority import papers
from tests.integration.support import PATIENCE, ProxyCase, optional
from tests.ports import freePort

controllers: Any = optional("aiosmtpd.controller")
smtp: Any = optional("aiosmtpd.smtp")

USER, PASSWORD = "app", "secret"

#: Whom the server takes mail for, but for this one.
NOBODY = "nobody@example.org"


@attrs.define
class Mailbox:
    """
    What the server does: it takes commands that come together, keeps every mail, and
    refuses one recipient.

    @ivar mails: the envelopes.
    """

    mails: list[Any] = attrs.field(factory=list)

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        """
        Say so.
        """
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        """
        Take it, unless it is nobody's.
        """
        if address == NOBODY:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """
        Keep it.
        """
        self.mails.append(envelope)
        return "250 2.0.0 OK"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, login: Any
    ) -> Any:
        """
        Whether the name and the password are right.
        """
        good = (login.login, login.password) == (USER.encode(), PASSWORD.encode())
        return smtp.AuthResult(success=good, handled=False)


class SMTPCase(ProxyCase):
    """
    A proxy before the server, and clients to it.

    @cvar speaksTLS: whether the server offers STARTTLS.
    """

    skip = "not installed: aiosmtpd" if controllers is None else None
    speaksTLS = False
    certificate: Path

    async def prepare(self) -> None:
        """
        Start a server for this test.
        """
        self.mailbox = Mailbox()
        self.port = freePort()
        controller = controllers.Controller(
            self.mailbox,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=self.mailbox.authenticate,
            auth_require_tls=False,
            decode_data=False,
            ready_timeout=PATIENCE,
            tls_context=self.secret() if self.speaksTLS else None,
        )
        await deferToThread(controller.start)
        self.addCleanup(deferToThread, controller.stop)
        await self.open(f"127.0.0.1:{self.port}", "smtp")

    def secret(self) -> ssl.SSLContext:
        """
        What the server needs to speak TLS.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(papers().server.certificate, papers().server.key)
        return context

    def connect(self, port: int = 0) -> smtplib.SMTP:
        """
        A client through the proxy, which the end of the test closes.
        """
        client = smtplib.SMTP(
            "127.0.0.1", port or self.proxy.port, "client.example", timeout=PATIENCE
        )
        self.addCleanup(client.close)
        return client

    def send(self, client: smtplib.SMTP, *recipients: str, sender: str = "a@example.org") -> None:
        """
        A short mail.
        """
        mail = EmailMessage()
        mail["Subject"] = "hello"
        mail.set_content(".\n..\nsome text\n")
        client.sendmail(sender, list(recipients) or ["b@example.org"], mail.as_bytes())
