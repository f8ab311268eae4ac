"""
What the service needs of reactors and of transports, in one interface each.
"""

from __future__ import annotations

from twisted.internet.interfaces import (
    IConsumer,
    IPushProducer,
    IReactorCore,
    IReactorFDSet,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorThreads,
    IReactorTime,
    IReactorUDP,
    ITCPTransport,
)


class IServerReactor(
    IReactorCore,
    IReactorFDSet,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorThreads,
    IReactorTime,
    IReactorUDP,
):
    """
    A reactor that runs the service: Twisted's own, or one that stands in for it in tests.
    """


class IStreamTransport(ITCPTransport, IConsumer, IPushProducer):
    """
    A transport whose two directions can be paused.
    """
