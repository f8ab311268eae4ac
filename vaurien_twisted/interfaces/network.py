"""
The reactor and the transports that the service needs.
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
    A reactor that runs the service: one of Twisted's, or a fake in tests.
    """


class ILearningFactory(IProtocolNegotiationFactory):
    """
    A factory above TLS that must first find out which application protocols (ALPN) the backend
    supports.
    """

    def learned() -> Deferred[None]:
        """
        A Deferred that fires when they are known, or after a time limit.  It never fails.
        """


class IProtocolTransport(ITransport):
    """
    A transport whose protocol can be replaced.
    """

    protocol: IProtocol = Attribute("The protocol that receives the bytes.")


class IStreamTransport(ITCPTransport, IConsumer, IPushProducer):
    """
    A transport whose two directions can be paused.
    """


class ICountedTransport(IStreamTransport):
    """
    A transport that counts its bytes.
    """

    bytesRead: int = Attribute("The number of bytes that the peer has sent.")
    bytesWritten: int = Attribute("The number of bytes passed to C{write}.")
