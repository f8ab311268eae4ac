"""
Every interface of the package.  Read this first.  Those of framers are in C{framers}, those that
wire protocols may also provide in C{protocols} and C{editors}, those that behaviors may in
C{applicability} and C{effects}, and those of reactors and transports in C{network}.

A L{link<vaurien_twisted.relays.link.Link>} stands between one client and the
backend.  An L{IFramer}, made for each link by its L{IWireProtocol}, tells the
link where exchanges begin and end.  Each exchange is put once to an L{IDecider},
which finds the rules that apply and asks their L{IBehavior} for a
L{Actions<vaurien_twisted.model.commands.Actions>}; the link performs it.  An
L{IJournal} records what was decided.

Nothing in C{wire} and C{behaviors} knows of sockets, reactors or clocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from twisted.internet.interfaces import IAddress
from twisted.plugin import IPlugin
from zope.interface import Attribute, Interface

from vaurien_twisted.interfaces.framers import (
    IDividingFastPath,
    IFastPath,
    IForgetting,
    IFramer,
    IFramingOptions,
    IHTTP2Options,
    IMultiplexing,
    IRequestDescriber,
    ISelectiveFastPath,
    IStartTLS,
    ITLSOptions,
    ITransactional,
    ITransferEnder,
    IWithholder,
)
from vaurien_twisted.interfaces.protocols import (
    IErrorObstacles,
    IErrorReplies,
    IStreamFacts,
    IStreamProtocol,
)

if TYPE_CHECKING:
    from vaurien_twisted.model.commands import Actions, ConnectionFate, Reply, Send
    from vaurien_twisted.model.decision import Decision, DecisionContext, StreamContext
    from vaurien_twisted.model.errors import WireError
    from vaurien_twisted.model.exchange import Connection, Exchange
    from vaurien_twisted.model.matchers import Matcher


__all__ = [
    "IApplicability",
    "IBehavior",
    "IBehaviorBase",
    "IClientAddresses",
    "IDecider",
    "IDividingFastPath",
    "IErrorObstacles",
    "IErrorReplies",
    "IFastPath",
    "IFaultHeader",
    "IFixedActions",
    "IForgetting",
    "IFramer",
    "IFramingOptions",
    "IHTTP2Options",
    "IJournal",
    "IMultiplexing",
    "IRequestDescriber",
    "ISelectiveFastPath",
    "IStartTLS",
    "IStreamBehavior",
    "IStreamFacts",
    "IStreamFilter",
    "IStreamProtocol",
    "ITLSOptions",
    "ITransactional",
    "ITransferEnder",
    "IWireProtocol",
    "IWithholder",
    "Options",
]


#: An instance of the class that C{options} names, which each behavior and each wire protocol
#: has of its own: interfaces cannot be generic.
Options: TypeAlias = Any


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

    def decide(options: Options, context: DecisionContext) -> Actions:
        """
        What to do to this exchange.  Pure: the same arguments give the same answer.

        @param options: an instance of C{self.options}.
        """


class IFixedActions(Interface):
    """
    A behavior that does the same to every exchange.  Optional, beside L{IBehavior}: its actions
    are then made once for each rule, and C{decide} is not called for each exchange.
    """

    def actions(options: Options) -> Actions:
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

    def streamFilter(options: Options, context: StreamContext) -> IStreamFilter:
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

    def update(options: Options, now: float) -> Callable[[float], float] | None:
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

    def check(options: Options, wire: IWireProtocol) -> None:
        """
        Whether the options make sense with the protocol.

        @raise Refused: they do not.
        """

    def applies(options: Options, exchange: Exchange) -> bool:
        """
        Whether the exchange is one for this behavior; others are not counted.
        """


class IWireProtocol(IPlugin):
    """
    How the bytes of a protocol divide into exchanges, and how it encodes errors.
    """

    name: str = Attribute("Its name for users: lower case.")
    aliases: tuple[str, ...] = Attribute("Other spellings that are understood.")
    options: type = Attribute("An attrs class of L{vaurien_twisted.model.options.option} fields.")
    greets: bool = Attribute("Whether the backend speaks first; exchange 0 is then its greeting.")
    errors: Mapping[str, WireError] = Attribute(
        "L{vaurien_twisted.model.errors.WireError} presets by code; empty where there are none."
    )

    targets: tuple[Matcher, ...] = Attribute(
        "What a rule's C{when} can ask of an exchange, beside what all protocols have."
    )
    commands: tuple[str, ...] = Attribute(
        "The names of the usual commands, for forms; there may be others.  Empty where there are "
        "no commands."
    )
    unit: str = Attribute(
        "What a reply can be cut after, in the plural (rows, chunks); empty for bytes only."
    )

    injects: bool = Attribute(
        "Whether C{error} with C{inject} puts random bytes into a reply; else it answers with an "
        "error all the same."
    )

    def framer(options: Options, backend: str) -> IFramer:
        """
        A framer for a new link.

        @param options: an instance of C{self.options}.
        @param backend: the backend as the user wrote it, C{HOST:PORT} or an endpoint string.
        """

    def parseError(code: str, message: str) -> WireError:
        """
        The error of the code C{code}: a preset, or one of the user's own where the protocol
        can encode it.

        @param message: in place of the real server's message; C{""} for that.
        @raise Refused: the protocol cannot encode it; names the nearest preset.
        """

    def transientErrors(exchange: Exchange) -> Sequence[WireError]:
        """
        The transient errors with which a real server might answer this exchange;
        C{error} without a code chooses among them.  Empty where none can be encoded.
        """

    def encodeError(exchange: Exchange, error: WireError) -> Reply | Send | None:
        """
        The bytes by which a real server would answer this very request with
        C{error}, and whether it would then close; C{Send} where the exchange goes on after
        them.  C{None} where it cannot be encoded.
        """


class IFaultHeader(Interface):
    """
    A wire protocol whose clients can ask for faults themselves.  Optional, beside
    L{IWireProtocol}.
    """

    def enabled(options: Options) -> bool:
        """
        Whether they may, as the protocol's options say.
        """

    def read(options: Options, exchange: Exchange) -> str:
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

    def record(kind: str, proxy: str, connection: int, **facts: object) -> None:
        """
        Append one entry.  Never fails, never waits.
        """

    def recordLater(
        kind: str,
        proxy: str,
        connection: int,
        facts: Callable[..., dict[str, object]],
        *arguments: object,
    ) -> None:
        """
        The same, where the facts are made only when somebody reads the entry.

        @param facts: called with C{arguments}; both are kept as long as the entry, so they
            must be small, and change only in how far the exchange has come.
        """

    def recordMany(
        kind: str,
        proxy: str,
        connection: int,
        entries: Sequence[tuple[Callable[..., dict[str, object]], tuple[object, ...]]],
    ) -> None:
        """
        The same for several entries of one moment, in order.

        @param entries: the facts of each, and their arguments.
        """
