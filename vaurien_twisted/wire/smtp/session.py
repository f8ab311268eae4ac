# -*- test-case-name: tests.wire.smtp.test_protocol -*-
"""
The state that the two directions of an SMTP link share.
"""

from __future__ import annotations

from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.framer import Session
from vaurien_twisted.wire.smtp.envelope import Envelope
from vaurien_twisted.wire.starttls import StartTLS


class SMTPSession(Session):
    """
    The state of one link.

    @ivar envelope: the mail transaction of the next command.
    @ivar message: the client's next bytes are the text of a mail: the backend has
        replied 354, or DATA went to the backend and the client did not wait.
    @ivar writing: the exchange of that text, after it has begun.
    @ivar dialog: the AUTH that may continue.
    @ivar challenged: the client's next line answers a 334.
    @ivar code: the code of the latest reply.
    @ivar startTLS: whether TLS is active, and whether it is read.
    """

    __slots__ = (
        "challenged",
        "code",
        "dialog",
        "envelope",
        "message",
        "startTLS",
        "writing",
    )

    def __init__(self, startTLS: StartTLS | None = None) -> None:
        super().__init__()
        self.startTLS = startTLS or StartTLS()
        self.envelope = Envelope()
        self.message = False
        self.writing: Exchange | None = None
        self.dialog: Exchange | None = None
        self.challenged = False
        self.code = b""
