# -*- test-case-name: tests.wire -*-
"""
Exchanges, and the pieces of them that framers find in a stream of bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from vaurien_twisted.model.commands import Drop, Reply
from vaurien_twisted.model.progress import Progress

if TYPE_CHECKING:
    from vaurien_twisted.interfaces.editors import IEditor
    from vaurien_twisted.model.batch_decision import DecidedChunk
    from vaurien_twisted.model.commands import ConnectionFate
    from vaurien_twisted.model.decision import Decision


@attrs.frozen
class Connection:
    """
    The connection of a client.

    @ivar number: its number on its proxy, from 1, in the order in which clients are accepted.
    @ivar client: the client's IP address, or the path of a UNIX socket.
    """

    number: int
    client: str = ""


#: The longest description of an exchange, in characters.
DESCRIPTION_LIMIT = 120


def requestWords(command: str, subject: str) -> str:
    """
    The full text of an exchange.
    """
    return " ".join(part for part in (command, subject) if part)


def oneLine(words: str) -> str:
    """
    The beginning of C{words}, at most L{DESCRIPTION_LIMIT} characters.
    """
    return words if len(words) <= DESCRIPTION_LIMIT else words[: DESCRIPTION_LIMIT - 3] + "..."


def describe(command: str, subject: str) -> str:
    """
    A line about an exchange for logs and the journal, of at most L{DESCRIPTION_LIMIT} characters.
    """
    return oneLine(requestWords(command, subject))


class Exchange:
    """
    One request and its whole reply on a link.

    A framer makes an exchange when it has read enough of a request to know its command.  The link
    then gets the decision once, and keeps it here.

    @ivar number: its number on its link, from 1; 0 is the greeting, or the connection itself in
        protocols where the client speaks first.
    @ivar command: the command in the protocol's own words (C{"GET"}, C{"COM_QUERY"}); C{""} if it
        is not known.
    @ivar subject: the object of the command: a path, a key, the text of an SQL statement.  At most
        L{SUBJECT_LIMIT} characters of it.
    @ivar head: the raw head of the request if rules can match it, otherwise C{b""}.
    @ivar context: the framer's own data, for reading the reply.
    @ivar unasked: whether the backend began it: a greeting, or a message without a request.
    @ivar replies: whether the protocol has a reply to this request.
    @ivar began: the time of the decision, in seconds by the reactor's clock; below 0 before it.
    @ivar decision: the decision, C{None} before it was taken.
    @ivar complete: whether the last piece of the request has been read.
    @ivar dropped: whether the request is kept from the backend.
    @ivar answer: the answer to a dropped request, instead of the backend's reply.
    @ivar replying: whether the first piece of the reply has been read.
    @ivar cut: how many units of the reply still pass before it is cut; C{None}: it is not cut after
        units.  A framer that knows units counts it down, ends a piece where it reaches zero, and
        yields nothing more of the reply with that piece.
    @ivar left: how many bytes of the reply still pass before it is cut; C{None}: it is not cut
        after bytes.
    @ivar then: what happens to the link when the reply is cut; C{None}: it is not cut.
    @ivar editor: the editor that its bytes pass through, C{None} if there is none.
    @ivar outcome: called when the effect on the reply is known; C{None}: nothing is called.  For a
        reply that is to be cut: with 0 at the cut; or at the end of the reply, with how many bytes
        or units it was too short.  For a reply that is edited: with C{""} once something was
        changed; or at the end of the reply, with the reason why nothing was.
    @ivar error: the code if the backend's reply is an error, otherwise C{""}.  The framer sets it
        before it yields the last piece of the reply.
    @ivar muted: whether the rest of the backend's reply is discarded.
    @ivar substitute: the request that was sent to the backend in its place; the answer is sent when
        the backend has replied to it.  C{None} if there is none.
    @ivar extra: how many bytes of memory it uses beyond the usual, while it awaits its reply.
    @ivar progress: its times and sizes; C{None} if they are not needed.
    @ivar silent: whether the backend may have answered it by silence, so that nothing waits for it.
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
        "progress",
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
        self.progress: Progress | None = None
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
        Whether the client gets another answer instead of the backend's reply.
        """
        decision = self.decision
        return decision is not None and any(isinstance(s.command, Reply) for s in decision.reply)

    @property
    def replaced(self) -> bool:
        """
        Whether the client gets another answer than the backend's reply, or none.
        """
        decision = self.decision
        return decision is not None and any(
            isinstance(step.command, (Reply, Drop)) for step in decision.reply
        )


class Substitute(Exchange):
    """
    A request that the proxy itself sends, instead of a client's request or after it.  It brings the
    backend's transaction into the state that an injected error would cause.  The client gets
    nothing of its reply.

    @ivar data: the bytes of the request.
    @ivar original: the exchange that is answered when the backend has replied to this; C{None} if
        there is none.
    @ivar room: how many more bytes its reply may have.
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
    Consecutive exchanges whose replies pass unchanged.  They become L{Exchange} objects only if
    that is necessary.

    @ivar next: the number of the first one that awaits its reply.
    @ivar left: how many await their replies.
    @ivar decided: the chunk that they came in, if rules can apply to it; set to C{None} when they
        are passed on.
    @ivar commands: their commands, if known; otherwise C{()}.
    """

    __slots__ = ("_expanded", "commands", "decided", "extra", "left", "next")

    #: See L{Exchange.silent}.
    silent = False

    def __init__(self, number: int, count: int) -> None:
        self.next = number
        self.left = count
        self.extra = 0
        self.decided: DecidedChunk | None = None
        self.commands: tuple[str, ...] = ()
        self._expanded: list[Exchange] | None = None

    def passed(self, count: int) -> None:
        """
        C{count} replies have passed.
        """
        self.next += count
        self.left -= count

    def expand(self, decision: Decision) -> list[Exchange]:
        """
        The exchanges that await their replies.  Each call returns the same objects.

        @param decision: the decision about each of them.
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


#: The longest reply to a L{Substitute}, in bytes.
SWALLOWED = 65536

#: The most characters of a subject that are kept for rules.
SUBJECT_LIMIT = 16384

#: What a framer yields: the exchange that the bytes belong to (C{None}: to none, they are passed
#: on), the bytes, and whether they end the exchange in this direction.
Piece = tuple[Exchange | None, bytes, bool]


class FramingError(Exception):
    """
    The bytes violate the protocol or exceed a bound.

    @ivar reason: the reason in one line.
    @ivar rest: all bytes that the framer has read and not yielded, in order.
    """

    def __init__(self, reason: str, rest: bytes) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rest = rest
