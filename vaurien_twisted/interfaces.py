"""
Every interface of the package.  Read this first.

A L{link<vaurien_twisted.relays.link.Link>} stands between one client and the
backend.  An L{IFramer}, made for each link by its L{IWireProtocol}, tells the
link where exchanges begin and end.  Each exchange is put once to an L{IDecider},
which finds the rules that apply and asks their L{IBehavior} for a
L{Actions<vaurien_twisted.model.commands.Actions>}; the link performs it.  An
L{IJournal} is told what was decided.

Nothing in C{wire} and C{behaviors} knows of sockets, reactors or clocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IAddress
from twisted.plugin import IPlugin
from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from vaurien_twisted.model.commands import Actions, ConnectionFate, Reply, Transaction
    from vaurien_twisted.model.decision import Decision, DecisionContext, StreamContext
    from vaurien_twisted.model.errors import WireError
    from vaurien_twisted.model.exchange import Connection, Exchange, PassedBatch, Piece, Substitute
    from vaurien_twisted.model.matchers import Matcher


class IBehaviorBase(IPlugin):
    """
    A kind of fault: what behaviors of exchanges and of streams have in common.  Providers keep
    no state: whatever they need to know is in the options and in the context.
    """

    name: str = Attribute("How users call it: lower case, digits, dashes and underscores.")
    options: type = Attribute("An attrs class of L{vaurien_twisted.model.options.option} fields.")


class IBehavior(IBehaviorBase):
    """
    A fault of exchanges.
    """

    connections: bool = Attribute(
        "Whether it is also asked about a bare connection where the client speaks first."
    )

    def decide(options: Any, context: DecisionContext) -> Actions:
        """
        What to do to this exchange.  Pure: the same arguments give the same answer.

        @param options: an instance of C{self.options}.
        """


class IFixedActions(Interface):
    """
    A behavior that does the same to every exchange.  Optional, beside L{IBehavior}: its actions
    are then made once for each rule, and C{decide} is not called for each exchange.
    """

    def actions(options: Any) -> Actions:
        """
        What is done to every exchange.

        @param options: an instance of C{self.options}.
        """


class IStreamBehavior(IBehaviorBase):
    """
    A fault of a connection's bytes, whatever they say: slow, cut, corrupted.  It is
    chosen once for each connection.  Its options have C{direction}: C{upstream} (to the
    backend), C{downstream} (to the client) or C{both}.
    """

    listens: bool = Attribute("Whether the proxy goes on accepting connections under it.")

    def streamFilter(options: Any, context: StreamContext) -> IStreamFilter:
        """
        What a new connection's bytes pass through, in one direction.
        """


class IStreamFilter(Interface):
    """
    One stage that a direction's bytes pass through.  Sans-IO: told the time, it answers
    when bytes may go on; the link keeps them until then.  Times are in seconds.
    """

    drops: bool = Attribute("Whether bytes were lost, so that the link must end with the stage.")
    flight: int = Attribute(
        "How many bytes may wait in it as if they were under way; more make the sender wait."
    )

    def push(data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        Bytes came.

        @return: what goes on, each part with its time, C{inf} for never; times never
            decrease.  It is iterated as the parts before have gone on, to its end at once
            where the stage is removed.  Each part is sent for itself.
        """

    def end(now: float) -> float | None:
        """
        The sender has ended: when that goes on, C{None} for never.
        """

    def deadline(now: float) -> tuple[float, ConnectionFate] | None:
        """
        When the whole link ends, and how: closed, after what has left the stage, or reset.
        C{None} where it need not.  Asked at the beginning, after each push and each change.
        """

    def update(options: Any, now: float) -> Callable[[float], float] | None:
        """
        The behavior's options have changed.

        @return: what makes new times out of those of the bytes and of the end that wait,
            C{None} where these stay.
        """


class IApplicability(Interface):
    """
    A behavior that does not go with every protocol or exchange.  Optional: one that
    provides only L{IBehavior} meets them all.
    """

    def check(options: Any, wire: IWireProtocol) -> None:
        """
        Whether the options make sense with the protocol.

        @raise Refused: they do not.
        """

    def applies(options: Any, exchange: Exchange) -> bool:
        """
        Whether the exchange is one for this behavior; others are not counted.
        """


class IFramer(Interface):
    """
    Divides the two byte streams of one link into exchanges.

    Every byte given to C{fromClient} and C{fromBackend} is yielded once and in
    order, as it arrives: a framer keeps back only a head it cannot read yet, and
    no more of it than its bound.  The link does not give more bytes of one
    direction before it has read all pieces of the last.
    """

    turns: bool = Attribute(
        "Whether exchanges are only guessed from who speaks: replies then need no order."
    )
    opaque: str = Attribute(
        "Why the rest of the stream cannot be read (TLS, an upgrade), C{''} while it can."
    )

    def fromClient(data: bytes) -> Iterator[Piece]:
        """
        Read bytes that the client sent.

        @raise FramingError: they are not of this protocol; says which bytes are left.
        """

    def fromBackend(data: bytes) -> Iterator[Piece]:
        """
        Read bytes that the backend sent.

        @raise FramingError: they are not of this protocol; says which bytes are left.
        """

    def expect(exchange: Exchange) -> None:
        """
        The request is going to the backend: its reply comes after those expected before.
        """

    def clientEnded() -> Iterator[Piece]:
        """
        The client will send nothing more: yield what was kept back.
        """

    def backendEnded() -> Iterator[Piece]:
        """
        The backend will send nothing more: yield what was kept back, and the end of
        a reply that lasts until the connection ends.
        """

    def renew() -> None:
        """
        The plan has changed: where exchanges are only guessed at, begin a new one.
        """


class IFastPath(Interface):
    """
    A framer that can pass over requests to which nothing happens, and their replies,
    without telling them apart.  Optional: it is only faster.
    """

    def watch(commands: frozenset[str]) -> None:
        """
        From now on pass over all commands but these, which are in lower case.
        """

    def requests(data: bytes, batch: PassedBatch | None) -> PassedBatch | None:
        """
        If C{data} is whole requests to pass over, of which each has one reply, expect
        those replies and return the run that they are part of: C{run}, which is the last
        of what is expected, made longer, or a new one.  Else C{None}; nothing has changed.
        """

    def replies(data: bytes) -> int:
        """
        If C{data} is whole replies to the run that is expected next, take them off it
        and return how many.  Else 0; nothing has changed.
        """

    def expand(decision: Decision) -> None:
        """
        Put the exchanges of all runs in their place, for what cannot be passed over.
        """


class ISelectiveFastPath(IFastPath):
    """
    One that also passes over single exchanges of the commands that rules name.  Optional.
    """

    def select(commands: frozenset[str] | None, misses: Callable[[Exchange], bool]) -> None:
        """
        From now on pass over all commands but these, which are in lower case, or C{None} for
        all; and those exchanges of these that no rule matches.

        @param misses: says that of an exchange.  Asking has no effect.
        """


class IRequestDescriber(Interface):
    """
    A framer whose requests can only be read with what it knows of the connection.  Optional,
    beside L{IFastPath}: in its absence a new framer reads what has passed.
    """

    def describe(data: bytes) -> str:
        """
        The last request in bytes that were passed over, in one line; nothing changes.

        @param data: begins with a request, and may be cut at the end.
        """


class ITransactional(Interface):
    """
    A framer of a protocol with transactions: it knows by which requests the backend's
    transaction comes to the state in which a real error would have left it.  Optional,
    beside L{IFramer}.

    The framer expects the replies to what it returns, and yields them as pieces of the
    L{Substitute<vaurien_twisted.model.exchange.Substitute>}s.  The link sends these before the
    client's next request, and swallows their replies.
    """

    def instead(exchange: Exchange, transaction: Transaction) -> Sequence[Substitute]:
        """
        What goes to the backend in the place of a request that it does not get.  Called
        once, with the request's first piece, in place of C{expect}.  The client is answered
        when the last of them was answered: who reads the error finds the backend in that
        state, and the framer knows the state as the answer is given.
        """

    def behind(exchange: Exchange, transaction: Transaction) -> Sequence[Substitute]:
        """
        What goes to the backend behind a request whose reply was replaced.  Called once, when
        the request has gone and the reply has come, each to its end; the client's next request
        has not been read.
        """


class IForgetting(Interface):
    """
    A framer that needs neither the subject nor the head of an exchange once it was decided.
    Optional: requests that await their replies then take less memory.
    """


class IStartTLS(Interface):
    """
    A framer of a protocol in which both ends can agree to go on in TLS.  Optional, beside
    L{IFramer}.
    """

    upgrading: bool = Attribute(
        "Whether they have, and TLS has not begun here: what was yielded is all there is in "
        "the clear."
    )

    def denial() -> bytes:
        """
        What the client is to be told in the backend's name as TLS is refused, once; C{b""}
        where there is nothing to tell.
        """

    def upgrade() -> tuple[bytes, bytes]:
        """
        TLS begins: what comes from now on was said within it.

        @return: what the client, and what the backend, had sent of it already.
        """


class IWithholder(Interface):
    """
    A framer that keeps back whole messages, to see what comes with them.  Optional, beside
    L{IFramer}.  The client may wait for the answers, so they go on where no rule can meet
    them, and else as soon as the client pauses.
    """

    withheld: frozenset[str] = Attribute(
        "What the exchange may be called that would begin with what is kept back, in lower "
        "case; empty while nothing is."
    )

    def paused() -> Iterator[Piece]:
        """
        The client says no more for now: yield what was kept back.
        """


class ITransferEnder(Interface):
    """
    A framer of a protocol whose backend can ask the client, in its reply, for more: the data
    of a COPY, a file, a password, a mail, TLS.  Optional, beside L{IFramer}.  A client whose
    reply was replaced does not know that it was asked, so the relay has to answer.
    """

    def transferEnd() -> bytes | None:
        """
        What ends the transfers that the backend has asked for in replies that were replaced,
        as a client that gives up sends it; C{b""} where there are none.  Each is ended once.
        Asked after the pieces of each chunk from the backend.

        @return: C{None} where nothing ends one, so that the link must be closed.
        """


class IFramingOptions(Interface):
    """
    Options of a wire protocol that reads messages.  Optional: a connection of a protocol whose
    options do not provide it passes unread where its bytes are not of the protocol.
    """

    on_garbage: str = Attribute(
        "What becomes of a connection whose bytes are not of the protocol: C{opaque}, they pass "
        "unread, or C{close}."
    )


class ITLSOptions(IFramingOptions):
    """
    Options of a wire protocol in which both ends can agree to go on in TLS.
    """

    tls_certificate: str = Attribute("The file to speak TLS with on both sides; C{''} for none.")
    refuses: bool = Attribute("Whether clients and backends are kept from agreeing on TLS.")


class IWireProtocol(IPlugin):
    """
    How the bytes of a protocol divide into exchanges, and how it says C{error}.
    """

    name: str = Attribute("How users call it: lower case.")
    aliases: tuple[str, ...] = Attribute("Other spellings that are understood.")
    options: type = Attribute("An attrs class of L{vaurien_twisted.model.options.option} fields.")
    greets: bool = Attribute("Whether the backend speaks first; exchange 0 is then its greeting.")
    errors: Mapping[str, WireError] = Attribute(
        "L{vaurien_twisted.model.errors.WireError} presets by code; empty where there are none."
    )

    targets: tuple[Matcher, ...] = Attribute(
        "What a rule's C{when} can ask of an exchange, beside what all protocols have."
    )
    unit: str = Attribute(
        "What a reply can be cut after, in the plural (rows, chunks); empty for bytes only."
    )

    injects: bool = Attribute(
        "Whether C{error} with C{inject} puts random bytes into a reply; else it answers with an "
        "error all the same."
    )

    def framer(options: Any, backend: str) -> IFramer:
        """
        A framer for a new link.

        @param options: an instance of C{self.options}.
        @param backend: the backend as the user wrote it, C{HOST:PORT} or an endpoint string.
        """

    def parseError(code: str, message: str) -> WireError:
        """
        The error that users call C{code}: a preset, or one of their own where the
        protocol can say it.

        @param message: in place of the real server's words; C{""} for those.
        @raise Refused: the protocol cannot say it; names the nearest preset.
        """

    def transientErrors(exchange: Exchange) -> Sequence[WireError]:
        """
        The transient errors with which a real server might answer this exchange;
        C{error} without a code chooses among them.  Empty where there is no way to say it.
        """

    def encodeError(exchange: Exchange, error: WireError) -> Reply | None:
        """
        The bytes by which a real server would answer this very request with
        C{error}, and whether it would then close.  C{None} where it cannot be said.
        """


class IFaultHeader(Interface):
    """
    A wire protocol whose clients can ask for faults themselves.  Optional, beside
    L{IWireProtocol}.
    """

    def enabled(options: Any) -> bool:
        """
        Whether they may, as the protocol's options say.
        """

    def read(options: Any, exchange: Exchange) -> str:
        """
        What the client asks for: a behavior and its options, C{delay; sleep=1};
        C{""} for nothing.
        """


class IClientAddresses(Interface):
    """
    A factory whose protocols connect on behalf of a client.
    """

    def addresses() -> tuple[IAddress | None, IAddress | None]:
        """
        The client's address, and where it connected to.
        """


class IDecider(Interface):
    """
    Answers for one proxy what happens to an exchange.
    """

    def decide(connection: Connection, exchange: Exchange) -> Decision:
        """
        The decision for this exchange, L{NOTHING<vaurien_twisted.model.decision.NOTHING>} or steps.
        Asked once each.
        """

    def decideConnection(connection: Connection, exchange: Exchange) -> Decision:
        """
        The same for a bare connection: only behaviors that meet connections are asked.
        """


class IJournal(Interface):
    """
    What was decided and done.
    """

    def record(kind: str, proxy: str, connection: int, **facts: Any) -> None:
        """
        Append one entry.  Never fails, never waits.
        """

    def recordLater(
        kind: str,
        proxy: str,
        connection: int,
        facts: Callable[..., dict[str, Any]],
        *arguments: Any,
    ) -> None:
        """
        The same, where the facts are made only when somebody reads the entry.

        @param facts: called with C{arguments}; both are kept as long as the entry, so they
            must be small, and must not change.
        """
