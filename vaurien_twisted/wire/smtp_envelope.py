# -*- test-case-name: tests.wire.test_smtp_envelope -*-
"""
The mail that commands are about, and what command lines say of it.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.exchange import SUBJECT_LIMIT

#: How many recipients of a mail are remembered: the least that a server must take
#: (RFC 5321, section 4.5.3.1.8).
RECIPIENTS_LIMIT = 100

#: How long an address is remembered, in characters.
ADDRESS_LIMIT = 1024


@attrs.define(eq=False)
class Envelope:
    """
    One mail transaction; C{Exchange.context} of this protocol.

    @ivar sender: the address of MAIL FROM, C{""} for the null sender or before it.
    @ivar recipients: the addresses of RCPT TO that the backend has not refused, at
        most L{RECIPIENTS_LIMIT}.
    """

    sender: str = ""
    recipients: list[str] = attrs.field(factory=list)

    def add(self, recipient: str) -> None:
        """
        The backend is asked to take this recipient.
        """
        if len(self.recipients) < RECIPIENTS_LIMIT:
            self.recipients.append(recipient)

    def remove(self, recipient: str) -> None:
        """
        The backend has refused this recipient.
        """
        if recipient in self.recipients:
            self.recipients.remove(recipient)

    @property
    def subject(self) -> str:
        """
        The sender and the recipients with spaces between.
        """
        return " ".join((self.sender, *self.recipients)).strip()[:SUBJECT_LIMIT]


def verbOf(line: str) -> tuple[str, str]:
    """
    A command line's verb in upper case and the rest of it.
    """
    words = line.split(None, 1)
    if not words:
        return "", ""
    return words[0].upper(), words[1].strip() if len(words) > 1 else ""


def addressOf(argument: str) -> str:
    """
    The address in C{FROM:<address> SIZE=1}; brackets may be missing.  A source
    route is left out (RFC 5321, section 4.1.2 and appendix C).
    """
    path = argument.partition(":")[2].strip()
    if path.startswith("<"):
        address = path[1:].partition(">")[0]
        if address.startswith("@"):
            address = address.partition(":")[2]
    else:
        address = path.partition(" ")[0]
    return address[:ADDRESS_LIMIT]


def chunkSize(argument: str) -> int:
    """
    How many bytes follow C{BDAT}, from C{"86 LAST"}; 0 where that is no number
    (RFC 3030, section 2).
    """
    digits = argument.partition(" ")[0]
    if digits.isascii() and digits.isdigit() and len(digits) <= 18:
        return int(digits)
    return 0


def isLast(argument: str) -> bool:
    """
    Whether C{BDAT}'s argument says that no chunk comes after this.
    """
    return argument.upper().split()[1:2] == ["LAST"]
