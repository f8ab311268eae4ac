"""
What the service needs of reactors and of transports, in one interface each.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IConsumer,
    IProtocol,
    IProtocolNegotiationFactory,
    IPushProducer,
    IReactorCore,
    IReactorFDSet,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorThreads,
    IReactorTime,
    IReactorUDP,
    ITCPTransport,
    ITransport,
)
from zope.interface import Attribute


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


class ILearningFactory(IProtocolNegotiationFactory):
    """
    A factory above TLS that has to find out first which application protocols it takes.
    """

    def learned() -> Deferred[None]:
        """
        Fires, and never fails, when it is known which they are, or when that takes too long.
        """


class IProtocolTransport(ITransport):
    """
    A transport that can be given another protocol.
    """

    protocol: IProtocol = Attribute("What it delivers to.")


class IStreamTransport(ITCPTransport, IConsumer, IPushProducer):
    """
    A transport whose two directions can be paused.
    """


class ICountedTransport(IStreamTransport):
    """
    One that counts its bytes.
    """

    bytesRead: int = Attribute("How many bytes the other side sent.")
    bytesWritten: int = Attribute("How many bytes the transport was given to send.")
