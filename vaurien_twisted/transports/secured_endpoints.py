# -*- test-case-name: tests.transports.test_secured -*-
"""
Endpoints that listen and connect with TLS, above other endpoints.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from zope.interface import implementer

from vaurien_twisted.repeats import Repeats
from vaurien_twisted.transports.secured import ConnectingFactory, ServingFactory


@implementer(IStreamServerEndpoint)
class SecuredServerEndpoint:
    """
    Serves TLS where another endpoint listens.

    @param options: see L{vaurien_twisted.transports.certificates.serverOptions}.
    """

    def __init__(self, clock: IReactorTime, endpoint: IStreamServerEndpoint, options: Any) -> None:
        self._clock = clock
        self._endpoint = endpoint
        self._options = options

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """
        Listen as the other does.
        """
        factory = ServingFactory(self._options, protocolFactory, self._clock)
        listening: Deferred[IListeningPort] = self._endpoint.listen(factory)
        return listening


@implementer(IStreamClientEndpoint)
class SecuredClientEndpoint:
    """
    Speaks TLS to what another endpoint connects to.

    @param options: see L{vaurien_twisted.transports.certificates.clientOptions}.
    @param timeout: how long the handshake may take, in seconds.
    """

    def __init__(
        self, clock: IReactorTime, endpoint: IStreamClientEndpoint, options: Any, timeout: float
    ) -> None:
        self._clock = clock
        self._endpoint = endpoint
        self._options = options
        self._timeout = timeout
        self._repeats = Repeats(clock)

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Connect; fires when the handshake is over too.
        """
        factory = ConnectingFactory(
            self._options, protocolFactory, self._clock, self._timeout, self._repeats
        )
        connecting: Deferred[IProtocol] = self._endpoint.connect(factory)
        made = factory.made

        def cancel(outcome: Deferred[IProtocol]) -> None:
            connecting.cancel()
            factory.giveUp()
            if not outcome.called:
                outcome.errback(ConnectingCancelledError(None))

        outcome: Deferred[IProtocol] = Deferred(cancel)

        def failed(reason: Any) -> None:
            if not outcome.called:
                outcome.errback(reason)

        def succeeded(protocol: IProtocol) -> None:
            if not outcome.called:
                outcome.callback(protocol)

        connecting.addErrback(failed)
        made.addCallbacks(succeeded, failed)
        return outcome
