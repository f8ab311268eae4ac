"""
Every interface of the package.  Read this first.  Framers are in C{framers}, optional interfaces of
wire protocols in C{protocols} and C{editors}, of behaviors in C{applicability} and C{effects};
reactors and transports in C{network}.

A L{link<vaurien_twisted.relays.link.Link>} connects one client with the backend.  Its L{IFramer},
made by the L{IWireProtocol}, divides the bytes into exchanges.  The L{IDecider} decides once about
each exchange: it finds the rules that apply, and their L{IBehavior}s return
L{Actions<vaurien_twisted.model.commands.Actions>}, which the link performs.  The L{IJournal}
records the decisions.  C{wire} and C{behaviors} use no sockets, reactors or clocks.
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
    A kind of fault: the common base of behaviors of exchanges and of streams.  Providers keep no
    state: all that they need is in the options and the context.
    """

    name: str = Attribute("The name for users: lower case, digits, dashes and underscores.")
    options: type = Attribute("An attrs class of L{vaurien_twisted.model.options.option} fields.")


class IBehavior(IBehaviorBase):
    """
    A fault of exchanges.
    """

    connections: bool = Attribute(
        "Whether it also applies to the connection itself where the client sends first."
    )

    def decide(options: Options, context: DecisionContext) -> Actions:
        """
        The actions for this exchange.  A pure function: equal arguments have equal results.

        @param options: an instance of C{self.options}.
        """


class IFixedActions(Interface):
    """
    A behavior with the same actions for every exchange.  Optional, beside L{IBehavior}: C{actions}
    is then called once for each rule, and C{decide} is not called for each exchange.
    """

    def actions(options: Options) -> Actions:
        """
        The actions for every exchange.

        @param options: an instance of C{self.options}.
        """


class IStreamBehavior(IBehaviorBase):
    """
    A fault of a connection's bytes in any protocol, chosen once for each connection.  Its options
    have C{direction}: C{upstream} (to the backend), C{downstream} (to the client) or C{both}.
    """

    listens: bool = Attribute("Whether the proxy accepts connections while it is in force.")

    def streamFilter(options: Options, context: StreamContext) -> IStreamFilter:
        """
        The filter for one direction of a new connection.
        """


class IStreamFilter(Interface):
    """
    A filter that the bytes of one direction pass through.  It uses no input, output or clock: the
    caller passes the time, and the results say when bytes go on.  The link keeps them until then.
    Times are in seconds.
    """

    drops: bool = Attribute(
        "Whether bytes were dropped, so that the link must end when the filter is removed."
    )
    flight: int = Attribute(
        "The number of bytes that may wait in the filter before the sender is paused."
    )

    def push(data: bytes, now: float) -> Iterable[tuple[float, bytes]]:
        """
        Bytes have arrived.

        @return: the bytes that go on, in parts with their times, C{inf} for never.  Times never
            decrease.  The caller asks for a part when those before have gone on, and for all parts
            when the filter is removed.  Each part is written by itself.
        """

    def end(now: float) -> float | None:
        """
        The time at which the end of the sender's bytes goes on; C{None} for never.
        """

    def deadline(now: float) -> tuple[float, ConnectionFate] | None:
        """
        The time at which the link ends, and how: closed, after the bytes that have left the filter,
        or reset.  C{None} if it need not end.  Called at the beginning, after each push and after
        each update.
        """

    def update(options: Options, now: float) -> Callable[[float], float] | None:
        """
        The behavior's options have changed.

        @return: a function from the old time to the new time of bytes, or an end, that wait;
            C{None} if these times do not change.
        """


class IApplicability(Interface):
    """
    A behavior that does not apply to every protocol or exchange.  Optional: a behavior that
    provides only L{IBehavior} applies to all.
    """

    def check(options: Options, wire: IWireProtocol) -> None:
        """
        Check the options against the protocol.

        @raise Refused: the protocol does not support them.
        """

    def applies(options: Options, exchange: Exchange) -> bool:
        """
        Whether the behavior applies to the exchange.  Other exchanges are not counted.
        """


class IWireProtocol(IPlugin):
    """
    How the bytes of a protocol divide into exchanges, and how it encodes errors.
    """

    name: str = Attribute("The name for users, in lower case.")
    aliases: tuple[str, ...] = Attribute("Other accepted spellings of the name.")
    options: type = Attribute("An attrs class of L{vaurien_twisted.model.options.option} fields.")
    greets: bool = Attribute("Whether the backend sends first; exchange 0 is then its greeting.")
    errors: Mapping[str, WireError] = Attribute(
        "L{vaurien_twisted.model.errors.WireError} presets by code; empty if there are none."
    )

    targets: tuple[Matcher, ...] = Attribute(
        "The matchers for a rule's C{when}, beside those of all protocols."
    )
    commands: tuple[str, ...] = Attribute(
        "The names of the usual commands, for forms; there may be others.  Empty if there are none."
    )
    unit: str = Attribute(
        "The unit after which replies can be cut, in the plural (rows, chunks); empty if only "
        "bytes can be counted."
    )

    injects: bool = Attribute(
        "Whether C{error} with C{inject} inserts random bytes into a reply; otherwise C{error} "
        "ignores C{inject}."
    )

    def framer(options: Options, backend: str) -> IFramer:
        """
        A framer for a new link.

        @param options: an instance of C{self.options}.
        @param backend: the backend as the user wrote it, C{HOST:PORT} or an endpoint string.
        """

    def parseError(code: str, message: str) -> WireError:
        """
        The error with the code C{code}: a preset, or an error of the user's own if the protocol can
        encode it.

        @param message: replaces the real server's message; C{""} keeps it.
        @raise Refused: the protocol cannot encode it; the message names the nearest preset.
        """

    def transientErrors(exchange: Exchange) -> Sequence[WireError]:
        """
        The transient errors with which a real server might answer this exchange.  C{error} without
        a code chooses one of them.  Empty if none can be encoded.
        """

    def encodeError(exchange: Exchange, error: WireError) -> Reply | Send | None:
        """
        The bytes with which a real server would answer this request with C{error}, and whether it
        would then close the connection; a C{Send} if the exchange continues after them; C{None} if
        the error cannot be encoded for this request.
        """


class IFaultHeader(Interface):
    """
    A wire protocol whose requests can ask for a fault in a header.  Optional, beside
    L{IWireProtocol}.
    """

    def enabled(options: Options) -> bool:
        """
        Whether the protocol's options allow it.
        """

    def read(options: Options, exchange: Exchange) -> str:
        """
        The fault that the request asks for, a behavior and its options: C{delay; sleep=1};
        C{""} for none.
        """


class IClientAddresses(Interface):
    """
    A factory whose protocols connect on behalf of a client.
    """

    def addresses() -> tuple[IAddress | None, IAddress | None]:
        """
        The client's address, and the address that it connected to.
        """


class IDecider(Interface):
    """
    Decides, for one proxy, what happens to an exchange.
    """

    def decide(connection: Connection, exchange: Exchange) -> Decision:
        """
        The decision for this exchange, L{NOTHING<vaurien_twisted.model.decision.NOTHING>} or steps.
        Called once for each exchange.
        """

    def decideConnection(connection: Connection, exchange: Exchange) -> Decision:
        """
        The decision for a bare connection: only behaviors that apply to connections decide.
        """


class IJournal(Interface):
    """
    The record of what was decided and done.
    """

    def record(kind: str, proxy: str, connection: int, **facts: object) -> None:
        """
        Append one entry.  It never raises and never waits.
        """

    def recordLater(
        kind: str,
        proxy: str,
        connection: int,
        facts: Callable[..., dict[str, object]],
        *arguments: object,
    ) -> None:
        """
        Append one entry whose facts are computed only when the entry is read.

        @param facts: called with C{arguments}.  Both are kept as long as the entry: they must be
            small, and must not change except with the progress of the exchange.
        """

    def recordMany(
        kind: str,
        proxy: str,
        connection: int,
        entries: Sequence[tuple[Callable[..., dict[str, object]], tuple[object, ...]]],
    ) -> None:
        """
        The same for several entries with the same time, in order.

        @param entries: for each entry the function that computes its facts, and the arguments.
        """
