# -*- test-case-name: tests.wire.smtp.test_envelope -*-
"""
The mail transaction of SMTP commands, and parsers of command lines.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.exchange import SUBJECT_LIMIT

#: Commands that discard a mail that was begun.
RESETTING = frozenset(("EHLO", "HELO", "RSET"))

#: The most recipients of a mail that are remembered: a server must accept this number at least
#: (RFC 5321, section 4.5.3.1.8).
RECIPIENTS_LIMIT = 100

#: The most bytes of command lines that are kept, to send them again.
LINES_LIMIT = 65536

#: The longest part of an address that is kept, in characters.
ADDRESS_LIMIT = 1024


@attrs.define(eq=False)
class Envelope:
    """
    One mail transaction; C{Exchange.context} of this protocol.

    @ivar sender: the address of MAIL FROM, C{""} for the null sender or before it.
    @ivar recipients: the addresses of RCPT TO that the backend has not refused, at
        most L{RECIPIENTS_LIMIT}.
    @ivar lines: the command lines that the backend has accepted for it, with the address in each;
        C{None} if they are longer than L{LINES_LIMIT}.
    @ivar before: the envelope before the command that began this one, while it is not known
        whether the backend accepts that command.
    """

    sender: str = ""
    recipients: list[str] = attrs.field(factory=list)
    lines: list[tuple[str, bytes]] | None = attrs.field(factory=list)
    before: Envelope | None = None
    _left: int = LINES_LIMIT

    def add(self, recipient: str) -> None:
        """
        Add a recipient whose command goes to the backend.
        """
        if len(self.recipients) < RECIPIENTS_LIMIT:
            self.recipients.append(recipient)

    def note(self, address: str, line: bytes) -> None:
        """
        Store the line of a MAIL or a RCPT that goes to the backend.
        """
        self._left -= len(line) + len(address)
        if self._left < 0:
            self.lines = None
        elif self.lines is not None:
            self.lines.append((address, line))

    def remove(self, recipient: str) -> None:
        """
        Remove a recipient that the backend has refused.
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
        Restore the envelope before, with all later additions: the backend has refused the command
        that began this one.

        @param own: the number of lines that belong to that command.
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
        The sender and the recipients, separated by spaces.
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
    The address in C{FROM:<address> SIZE=1}; brackets may be missing.  A source route is ignored
    (RFC 5321, section 4.1.2 and appendix C).
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
    The number of bytes after C{BDAT}, from C{"86 LAST"}; 0 if it is not a number
    (RFC 3030, section 2).
    """
    digits = argument.partition(" ")[0]
    if digits.isascii() and digits.isdigit() and len(digits) <= 18:
        return int(digits)
    return 0


def isLast(argument: str) -> bool:
    """
    Whether C{BDAT}'s argument marks the last chunk.
    """
    return argument.upper().split()[1:2] == ["LAST"]
