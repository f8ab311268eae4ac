# -*- test-case-name: tests.wire.redis.test_state -*-
"""
How a Redis server replies on one connection, and the effects of commands on that.

The effect of a command is assumed when the command is sent, and known when it is answered:
there is a L{State} for each.  From Redis 7's C{networking.c}, C{multi.c} and C{replication.c}.
"""

from __future__ import annotations

from vaurien_twisted.model.exchange import Exchange

#: Commands that are confirmed channel by channel.
SUBSCRIPTIONS = frozenset(
    ("SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "SSUBSCRIBE", "SUNSUBSCRIBE")
)

#: Commands that make the connection that of a replica, and get no reply if it is one already.
REPLICATING = frozenset(("MONITOR", "PSYNC", "SYNC"))

#: Commands that change how replies are to be read.
NOTED = (
    SUBSCRIPTIONS
    | REPLICATING
    | frozenset(("CLIENT", "DISCARD", "EXEC", "HELLO", "MULTI", "QUIT", "RESET"))
)

#: Commands that a transaction does not queue.
UNQUEUED = frozenset(("DISCARD", "EXEC", "MULTI", "QUIT", "RESET"))

#: Commands that are refused with any argument, and commands that are refused with too few.  C{EXEC}
#: is not among them: a transaction ends even if C{EXEC} is refused so.
ALONE = frozenset(("DISCARD", "MONITOR", "MULTI", "RESET", "SYNC"))
LEAST = {"PSUBSCRIBE": 2, "PSYNC": 3, "SSUBSCRIBE": 2, "SUBSCRIBE": 2}

#: Whether commands get a reply: yes; no; not the next one (C{CLIENT REPLY}).
ON, OFF, SKIP = 0, 1, 2

#: The modes of C{CLIENT REPLY} as clients write them.
MODES = {b"ON": ON, b"OFF": OFF, b"SKIP": SKIP}

ERROR = ord("-")


class Note:
    """
    The context of an exchange that changes how replies are read.  All other
    exchanges have the version, 2 or 3, as their context.

    @ivar version: the version of RESP that the reply will be in.
    @ivar kind: the command.
    @ivar number: the number of confirmations, 0 if the server decides it; the version that C{HELLO}
        asks for, 0 for none; the mode that C{CLIENT REPLY} sets; for C{MULTI} 1 within a
        transaction.
    """

    __slots__ = ("kind", "number", "version")

    def __init__(self, version: int, kind: str, number: int = 0) -> None:
        self.version = version
        self.kind = kind
        self.number = number


class Silent:
    """
    Consecutive requests that get a reply only if the server has refused the command that
    silences it.

    @ivar count: their number; 0 for an empty command, which never gets a reply.
    @ivar after: how the server replies after they are executed, C{None} if they do not change
        that.
    """

    __slots__ = ("after", "count")

    def __init__(self, count: int) -> None:
        self.count = count
        self.after: State | None = None


class State:
    """
    The state that determines how a server replies.

    @ivar version: the version of RESP.
    @ivar quiet: L{ON}, L{OFF} or L{SKIP}.
    @ivar multi: a transaction is open.
    @ivar extra: the number of replies in its queue beyond one for each command.
    @ivar monitoring: the server sends the reports of C{MONITOR}.
    @ivar subscribes: its queue changes the subscriptions.
    @ivar over: C{QUIT} was sent.
    @ivar broken: its queue contains a C{CLIENT REPLY} that starts or ends replies within it, so
        that the reply to C{EXEC} is not valid RESP.
    """

    __slots__ = (
        "_hello",
        "_skips",
        "broken",
        "extra",
        "monitoring",
        "multi",
        "over",
        "quiet",
        "subscribes",
        "version",
    )

    def __init__(self) -> None:
        self.version = 2
        self.quiet = ON
        self.monitoring = self.over = False
        self.discard()

    def copy(self) -> State:
        """
        A copy, which changes independently.
        """
        other = State()
        for name in State.__slots__:
            setattr(other, name, getattr(self, name))
        return other

    def discard(self) -> None:
        """
        End the transaction.
        """
        self.multi = self.broken = self.subscribes = self._skips = False
        self.extra = self._hello = 0

    def useSkip(self) -> None:
        """
        A command uses up a C{CLIENT REPLY SKIP}.
        """
        if self.quiet == SKIP:
            self.quiet = ON

    def note(self, command: str, args: list[bytes], count: int) -> Note | None:
        """
        The note for a command among L{NOTED}; C{None} if the command has no effect on replies.

        @param args: the first arguments of the command, as many as were needed.
        @param count: the number of its arguments.
        """
        version, multi = self.version, self.multi
        if (command in ALONE and count > 1) or count < LEAST.get(command, 1):
            # The server refuses it.
            return None
        if command in SUBSCRIPTIONS:
            return Note(version, command, count - 1)
        if command == "CLIENT":
            mode = MODES.get(args[2].upper()) if len(args) > 2 and count == 3 else None
            if mode is None or args[1].upper() != b"REPLY":
                return None
            return Note(version, command, mode)
        if command == "HELLO":
            asked = args[1] if len(args) > 1 else b""
            if asked not in (b"2", b"3"):
                return None
            return Note(version if multi else int(asked), command, int(asked))
        return Note(version, command, int(multi) if command == "MULTI" else 0)

    def enter(self, note: Note) -> None:
        """
        Apply a command that the server executes or queues.
        """
        self.useSkip()
        kind = note.kind
        if self.multi and kind not in UNQUEUED:
            self._queue(note)
        elif kind == "MULTI":
            self.multi = True
        elif kind == "EXEC":
            self.version = self._hello or self.version
            if self._skips and self.quiet == ON:
                self.quiet = SKIP
            self.discard()
        elif kind == "DISCARD":
            self.discard()
        elif kind == "RESET":
            self.version, self.quiet, self.monitoring = 2, ON, False
            self.discard()
        elif kind == "QUIT":
            self.over = True
        elif kind == "CLIENT":
            if note.number != SKIP or self.quiet != OFF:
                self.quiet = note.number
        elif kind == "HELLO":
            self.version = note.number or self.version
        elif kind == "MONITOR":
            self.monitoring = True

    def _queue(self, note: Note) -> None:
        if note.kind in SUBSCRIPTIONS:
            self.extra += max(note.number - 1, 0)
            self.subscribes = True
        elif note.kind == "HELLO":
            self._hello = note.number or self._hello
        elif note.kind == "CLIENT" and note.number == SKIP and self.quiet == ON:
            # It has no reply itself, and neither has the command after the transaction.
            self.extra -= 1
            self._skips = True
        elif note.kind == "CLIENT" and note.number != self.quiet:
            self.broken = True

    def replies(self, note: Note) -> bool:
        """
        Whether a command gets a reply if it is executed or queued.
        """
        kind, queued = note.kind, self.multi
        if self.over:
            return False
        if kind == "RESET":
            return self.quiet != SKIP
        if not queued:
            if kind == "CLIENT":
                return note.number == ON
            if kind in SUBSCRIPTIONS:
                # The server does not treat confirmations as replies: it never withholds them.
                return True
            if kind in REPLICATING and self.monitoring:
                return False
        return self.quiet == ON

    def silent(self, note: Note, first: int, line: bytes, word: bytes) -> bool:
        """
        Whether the next reply shows that a command had none.

        @param first: the reply's first byte, its type.
        @param line: its line, if it is an error or a status.
        @param word: its first word, if it is a confirmation.
        """
        kind, failed = note.kind, first == ERROR
        if self.over:
            return True
        if kind == "CLIENT" and not self.multi:
            if note.number == ON:
                # A refusal would not have been sent.
                return self.quiet != ON and failed
            refused = note.number == OFF or _refuses(line, b"client|reply", b"client")
            return not (self.quiet == ON and failed and refused)
        if kind in REPLICATING and self.monitoring and not self.multi:
            return not (self.quiet == ON and failed and _refuses(line, kind.lower().encode()))
        if self.quiet == ON:
            return False
        if kind == "RESET":
            return self.quiet == SKIP or line != b"+RESET"
        if kind in SUBSCRIPTIONS and not self.multi:
            return word != kind.lower().encode()
        return True


def _refuses(line: bytes, *commands: bytes) -> bool:
    """
    Whether an error names one of these commands, and not a later one.
    """
    if line.startswith((b"-NOAUTH", b"-BUSY")):
        return True
    line = line.lower()
    # A command with a wrong number of arguments is never in doubt.
    return b"wrong number" not in line and any(b"'%b'" % command in line for command in commands)


def noteOf(exchange: Exchange) -> Note | None:
    """
    The exchange's note, if it has one.
    """
    context = exchange.context
    return context if isinstance(context, Note) else None
