# -*- test-case-name: tests.relays.test_link,tests.relays.test_refusing -*-
"""
Handles links whose bytes cannot be divided into exchanges any more.
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
    Closes such a link, or continues to relay its bytes in turns: the link is then opaque.

    @param close: closes the link after the bytes that are ready.
    @param turned: called when the link has become opaque.
    @ivar requests: reads the bytes of the client.
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
        The client has sent bytes that are not of the wire protocol.
        """
        latest = None if self.requests is None else self.requests.latest
        self._garbage(error, self._state.toBackend, "client", latest)

    def fromBackend(self, error: FramingError) -> None:
        """
        The backend has sent bytes that are not of the wire protocol.
        """
        self._garbage(error, self._state.toClient, "backend", None)

    def _garbage(
        self, error: FramingError, queue: WriteQueue, who: str, latest: Exchange | None
    ) -> None:
        state = self._state
        context, connection = state.context, state.connection
        closes = closesOn(context.options, latest)
        state.unlogged = not context.repeats.warn(
            self._log,
            "connection {number}: the {who} does not speak {wire}: {reason}; {then}",
            number=connection.number,
            who=who,
            wire=context.wire.name,
            reason=error.reason,
            then="it is closed" if closes else "it is opaque from here on",
        )
        if closes:
            context.note(connection, "garbage", reason=error.reason)
            self._close()
            return
        queue.put(None, error.rest)
        self._turn(error.reason)

    def becomesOpaque(self, reason: str) -> None:
        """
        The framer can read no further, although there was no error: make the link opaque.
        """
        state = self._state
        context = state.context
        logged = context.repeats.info(
            self._log,
            "connection {number} is opaque from here on: {reason}",
            number=state.connection.number,
            reason=reason,
        )
        state.unlogged = not logged
        advice = adviceOn(reason, context.wire, context.options)
        if advice and logged:
            self._log.info("{advice}", advice=advice)
        self._turn(reason)

    def _turn(self, reason: str) -> None:
        state = self._state
        if state.substitutes.outstanding:
            # The ends of replaced replies are not known any more, and they must not pass.
            state.context.note(state.connection, "garbage", reason=reason)
            self._close()
            return
        state.context.note(state.connection, "opaque", reason=reason)
        self.opaque = True
        state.context.counters.opaque(state.connection.number)
        if self.requests is not None:
            self.requests.stop()
        kept = state.guessExchanges(TurnFramer(state.exchanges + 1))
        release(kept, state.toBackend, state.toClient)
        self._turned()


def closesOn(options: object, latest: Exchange | None) -> bool:
    """
    Whether a link is closed, not made opaque, after bytes that are not of the wire protocol.

    @param options: the options of the wire protocol; C{on_garbage} decides.
    @param latest: the latest exchange, if the client has sent the bytes.  A backend that did not
        get the beginning of a request must not get its end.
    """
    unseen = latest is not None and latest.dropped and not latest.complete
    framing = IFramingOptions(options, None)
    return unseen or (framing is not None and framing.on_garbage == "close")


def adviceOn(reason: str, wire: IWireProtocol, options: object) -> str:
    """
    Advice for the user how to avoid opaque links; C{""} if there is none.

    @param options: the options of the wire protocol.
    """
    if reason != "TLS" or not isinstance(options, TLSOptions):
        return ""
    if options.refuses or options.tls_certificate:
        # TLS began in a way that neither option can prevent.
        return ""
    option = f"--protocol-{wire.name}-tls"
    return (
        "in TLS no exchange is seen, and an error cannot be answered: "
        f"{option} refuse keeps clients from it, {option}-certificate reads it"
    )
