# -*- test-case-name: tests.wire -*-
"""
The exchange, and the pieces of it that framers find in the stream.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from vaurien_twisted.model.commands import Drop, Reply

if TYPE_CHECKING:
    from vaurien_twisted.interfaces.editors import IEditor
    from vaurien_twisted.model.commands import ConnectionFate
    from vaurien_twisted.model.decision import Decision
    from vaurien_twisted.model.treatment import TreatedChunk


@attrs.frozen
class Connection:
    """
    What is known of the client's connection.

    @ivar number: counts from 1 on each proxy, in the order of accepting.
    @ivar client: the client's address, a host or a path.
    """

    number: int
    client: str = ""


#: The longest description of an exchange, in characters.
DESCRIPTION_LIMIT = 120


def describe(command: str, subject: str) -> str:
    """
    An exchange in one short line, for logs and the journal.
    """
    words = " ".join(part for part in (command, subject) if part)
    if len(words) <= DESCRIPTION_LIMIT:
        return words
    return words[: DESCRIPTION_LIMIT - 3] + "..."


class Exchange:
    """
    One request and its whole reply on a link.

    A framer makes it when it has read enough of a request to say what it asks;
    the link then asks the plan about it once and writes the decision here.

    @ivar number: counts from 1 on each link; 0 is the greeting, or the bare
        connection where the client speaks first.
    @ivar command: what is asked, in the protocol's own words (C{"GET"},
        C{"COM_QUERY"}), C{""} where nothing is known.
    @ivar subject: what it is asked of: a path, a key, the SQL text.  At most
        L{SUBJECT_LIMIT} bytes of it.
    @ivar head: the request's raw head where rules may look into it, else C{b""}.
    @ivar context: the framer's own, for reading the reply.
    @ivar unasked: the backend began it: a greeting, or words that nobody asked for.
    @ivar replies: False where the protocol gives this request no reply.
    @ivar began: when the plan was asked, in seconds by the reactor's clock; below 0: never.
    @ivar decision: what the plan said, C{None} before it was asked.
    @ivar complete: the request's last piece has been seen.
    @ivar dropped: the request does not go to the backend.
    @ivar answer: what is said in place of the backend's reply to a dropped request.
    @ivar replying: the reply's first piece has been seen.
    @ivar cut: how many of the reply's units are still to pass where it is to be cut, else
        C{None}; a framer that knows units counts it down, ends a piece where it comes to
        zero, and yields nothing more of the reply with that piece.
    @ivar left: the same in bytes.
    @ivar then: what becomes of the link where the reply is cut, C{None} where it is not.
    @ivar editor: what its bytes pass through on their way, C{None} for nothing.
    @ivar outcome: called once the reply that is to be cut has come to that place, with 0, or to
        its end, with how many bytes or units it lacks; and of one that is edited, with C{""} once
        something was changed, or at its end with the reason why not.  C{None} where nobody needs
        to know.
    @ivar error: the code of the error that the backend's reply is; C{""} for any other reply.
        Written by the framer before it yields the reply's last piece.
    @ivar muted: the rest of the backend's reply is swallowed.
    @ivar substitute: what was sent to the backend in its place: the answer is given when that
        was answered.  Else C{None}.
    @ivar extra: how many bytes of memory it takes beyond what is usual, while it awaits its
        reply.
    @ivar silent: it may have been answered by silence, and nothing waits for it any more.
    """

    __slots__ = (
        "answer",
        "began",
        "command",
        "complete",
        "context",
        "cut",
        "decision",
        "dropped",
        "editor",
        "error",
        "extra",
        "head",
        "left",
        "muted",
        "number",
        "outcome",
        "replies",
        "replying",
        "silent",
        "subject",
        "substitute",
        "then",
        "unasked",
    )

    def __init__(
        self,
        number: int,
        command: str = "",
        subject: str = "",
        head: bytes = b"",
        context: Any = None,
        replies: bool = True,
        unasked: bool = False,
    ) -> None:
        self.number = number
        self.command = command
        self.subject = subject
        self.head = head
        self.context = context
        self.replies = replies
        self.unasked = unasked
        self.began = -1.0
        self.decision: Decision | None = None
        self.complete = False
        self.dropped = False
        self.answer: Reply | None = None
        self.replying = False
        self.cut: int | None = None
        self.left: int | None = None
        self.then: ConnectionFate | None = None
        self.editor: IEditor | None = None
        self.outcome: Callable[[int | str], None] | None = None
        self.error = ""
        self.muted = False
        self.substitute: Substitute | None = None
        self.silent = False
        self.extra = 0

    def __repr__(self) -> str:
        return f"<Exchange {self.number} {self.description}>"

    @property
    def description(self) -> str:
        """
        One short line for logs and the journal.
        """
        return describe(self.command, self.subject)

    @property
    def answered(self) -> bool:
        """
        Whether the client reads something else in place of the backend's reply.
        """
        decision = self.decision
        return decision is not None and any(isinstance(s.command, Reply) for s in decision.reply)

    @property
    def replaced(self) -> bool:
        """
        Whether the client does not see the backend's reply, but something else or nothing.
        """
        decision = self.decision
        return decision is not None and any(
            isinstance(step.command, (Reply, Drop)) for step in decision.reply
        )


class Substitute(Exchange):
    """
    A request of the proxy's own, in the place of a client's request or behind it, that
    brings the backend's transaction to the state in which an injected error leaves it.  The
    client sees nothing of it.

    @ivar data: the request.
    @ivar original: the exchange whose answer is given when this was answered, C{None} for
        none.
    @ivar room: how many bytes of its reply may still come.
    """

    __slots__ = ("data", "original", "room")

    def __init__(
        self, number: int, command: str, data: bytes, context: object, replies: bool = True
    ) -> None:
        super().__init__(number, command, context=context, replies=replies)
        self.data = data
        self.original: Exchange | None = None
        self.room = SWALLOWED
        self.complete = True
        self.substitute = self


class PassedBatch:
    """
    Exchanges in a row whose replies pass as they are, told apart only if that becomes
    necessary.

    @ivar next: the number of the first one that awaits its reply.
    @ivar left: how many await their replies.
    @ivar treated: they, if they came in one chunk and something may happen to them.  Whoever
        passes them takes it off.
    @ivar commands: their commands, if they are known; else C{()}.
    """

    __slots__ = ("_expanded", "commands", "extra", "left", "next", "treated")

    #: As of exchanges.
    silent = False

    def __init__(self, number: int, count: int) -> None:
        self.next = number
        self.left = count
        self.extra = 0
        self.treated: TreatedChunk | None = None
        self.commands: tuple[str, ...] = ()
        self._expanded: list[Exchange] | None = None

    def passed(self, count: int) -> None:
        """
        So many replies have passed.
        """
        self.next += count
        self.left -= count

    def expand(self, decision: Decision) -> list[Exchange]:
        """
        The exchanges that are left, one by one; the same ones to all who ask.
        """
        if self._expanded is None:
            self._expanded = [Exchange(self.next + place) for place in range(self.left)]
            for exchange in self._expanded:
                exchange.decision = decision
                exchange.complete = True
            known = self.commands[-self.left :]
            for exchange, command in zip(self._expanded, known, strict=False):
                exchange.command = command
        return self._expanded


#: How long the reply to a request of the proxy's own may be, in bytes.
SWALLOWED = 65536

#: How much of a subject is kept for rules to look at, in characters.
SUBJECT_LIMIT = 16384

#: What a framer yields: the exchange the bytes belong to (C{None}: to none, they
#: pass), the bytes, and whether they end the exchange in this direction.
Piece = tuple[Exchange | None, bytes, bool]


class FramingError(Exception):
    """
    The bytes are not what the protocol allows, or exceed a bound.

    @ivar reason: one line saying what was wrong.
    @ivar rest: every byte the framer took in and did not yield, in order.
    """

    def __init__(self, reason: str, rest: bytes) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rest = rest
