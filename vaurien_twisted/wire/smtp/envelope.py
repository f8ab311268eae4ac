# -*- test-case-name: tests.wire.smtp.test_envelope -*-
"""
The mail that commands are about, and what command lines say of it.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.exchange import SUBJECT_LIMIT

#: Commands that give a mail up that was begun.
RESETTING = frozenset(("EHLO", "HELO", "RSET"))

#: How many recipients of a mail are remembered: the least that a server must take
#: (RFC 5321, section 4.5.3.1.8).
RECIPIENTS_LIMIT = 100

#: How many bytes of command lines are remembered, to say them again.
LINES_LIMIT = 65536

#: How long an address is remembered, in characters.
ADDRESS_LIMIT = 1024


@attrs.define(eq=False)
class Envelope:
    """
    One mail transaction; C{Exchange.context} of this protocol.

    @ivar sender: the address of MAIL FROM, C{""} for the null sender or before it.
    @ivar recipients: the addresses of RCPT TO that the backend has not refused, at
        most L{RECIPIENTS_LIMIT}.
    @ivar lines: the command lines by which the backend came to it, with the address in each;
        C{None} where they are longer than L{LINES_LIMIT}.
    @ivar before: the one that was in force until a command began this, while it is not known
        whether the backend takes that.
    """

    sender: str = ""
    recipients: list[str] = attrs.field(factory=list)
    lines: list[tuple[str, bytes]] | None = attrs.field(factory=list)
    before: Envelope | None = None
    _left: int = LINES_LIMIT

    def add(self, recipient: str) -> None:
        """
        The backend is asked to take this recipient.
        """
        if len(self.recipients) < RECIPIENTS_LIMIT:
            self.recipients.append(recipient)

    def note(self, address: str, line: bytes) -> None:
        """
        Remember the line of a MAIL or a RCPT that goes to the backend.
        """
        self._left -= len(line) + len(address)
        if self._left < 0:
            self.lines = None
        elif self.lines is not None:
            self.lines.append((address, line))

    def remove(self, recipient: str) -> None:
        """
        The backend has refused this recipient.
        """
        if recipient in self.recipients:
            self.recipients.remove(recipient)
        if self.lines is not None:
            for at in range(len(self.lines) - 1, 0, -1):
                if self.lines[at][0] == recipient:
                    del self.lines[at]
                    break

    def revert(self, own: int) -> None:
        """
        The backend has refused the command that began this envelope: it is the one before,
        with what was added since.

        @param own: how many of the lines are that command's.
        """
        before, self.before = self.before, None
        if before is None:
            return
        self.before = before.before
        added, recipients = self.lines, self.recipients
        self.sender, self.recipients = before.sender, before.recipients[:]
        self.lines, self._left = before.lines, before._left
        for recipient in recipients:
            self.add(recipient)
        if self.lines is not None:
            self.lines = self.lines[:]
            if added is None:
                self.lines = None
            for address, line in (added or ())[own:]:
                self.note(address, line)

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
