# -*- test-case-name: tests.relays.test_link,tests.relays.test_refusing -*-
"""
What becomes of a link whose bytes cannot be divided into exchanges any more.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from vaurien_twisted.interfaces import IFramingOptions, IWireProtocol
from vaurien_twisted.model.exchange import Exchange, FramingError
from vaurien_twisted.relays.exchange_state import ExchangeState
from vaurien_twisted.relays.pieces import release
from vaurien_twisted.relays.requests import RequestReader
from vaurien_twisted.relays.write_queue import WriteQueue
from vaurien_twisted.wire.starttls import TLSOptions
from vaurien_twisted.wire.tcp import TurnFramer


class Unreadable:
    """
    Closes such a link, or reads on in turns: the link is opaque then.

    @param close: closes the link after what is ready.
    @param turned: called when the link has become opaque.
    @ivar requests: reads what the client sends.
    @ivar opaque: whether the link is opaque.
    """

    __slots__ = ("_close", "_state", "_turned", "opaque", "requests")

    _log = Logger()

    def __init__(
        self, state: ExchangeState, close: Callable[[], None], turned: Callable[[], None]
    ) -> None:
        self._state = state
        self._close = close
        self._turned = turned
        self.requests: RequestReader | None = None
        self.opaque = False

    def fromClient(self, error: FramingError) -> None:
        """
        The client has sent garbage.
        """
        latest = None if self.requests is None else self.requests.latest
        self._garbage(error, self._state.toBackend, "client", latest)

    def fromBackend(self, error: FramingError) -> None:
        """
        The backend has sent garbage.
        """
        self._garbage(error, self._state.toClient, "backend", None)

    def _garbage(
        self, error: FramingError, queue: WriteQueue, who: str, latest: Exchange | None
    ) -> None:
        state = self._state
        context, connection = state.context, state.connection
        closes = closesOn(context.options, latest)
        state.untold = not context.repeats.warn(
            self._log,
            "connection {number}: the {who} does not speak {wire}: {reason}; it {then}",
            number=connection.number,
            who=who,
            wire=context.wire.name,
            reason=error.reason,
            then="is closed" if closes else "is opaque from here on",
        )
        if closes:
            context.note(connection, "garbage", reason=error.reason)
            self._close()
            return
        queue.put(None, error.rest)
        self._turn(error.reason)

    def becomesOpaque(self, reason: str) -> None:
        """
        The framer reads no further, though nothing is wrong.
        """
        state = self._state
        context = state.context
        logged = context.repeats.info(
            self._log,
            "connection {number} is opaque from here on: {reason}",
            number=state.connection.number,
            reason=reason,
        )
        state.untold = not logged
        advice = adviceOn(reason, context.wire, context.options)
        if advice and logged:
            self._log.info("{advice}", advice=advice)
        self._turn(reason)

    def _turn(self, reason: str) -> None:
        state = self._state
        if state.substitutes.outstanding:
            # Where their replies end is not known any more, and they must not pass.
            state.context.note(state.connection, "garbage", reason=reason)
            self._close()
            return
        state.context.note(state.connection, "opaque", reason=reason)
        self.opaque = True
        state.context.counters.opaque(state.connection.number)
        if self.requests is not None:
            self.requests.stop()
        kept = state.renounce(TurnFramer(state.exchanges + 1))
        release(kept, state.toBackend, state.toClient)
        self._turned()


def closesOn(options: object, latest: Exchange | None) -> bool:
    """
    Whether a link is closed on garbage, not read on as opaque.

    @param options: those of the wire protocol; C{on_garbage} says it.
    @param latest: the latest exchange, if the garbage is the client's.  A backend that
        never saw the beginning of a request must not see its end.
    """
    unseen = latest is not None and latest.dropped and not latest.complete
    framing = IFramingOptions(options, None)
    return unseen or (framing is not None and framing.on_garbage == "close")


def adviceOn(reason: str, wire: IWireProtocol, options: object) -> str:
    """
    What a user can do so that a link does not become opaque; C{""} if there is nothing.

    @param options: those of the wire protocol.
    """
    if reason != "TLS" or not isinstance(options, TLSOptions):
        return ""
    if options.refuses or options.tls_certificate:
        # TLS was begun in a way that neither helps against.
        return ""
    option = f"--protocol-{wire.name}-tls"
    return (
        "in TLS no exchange is seen, and an error cannot be answered: "
        f"{option} refuse keeps clients from it, {option}-certificate reads it"
    )
