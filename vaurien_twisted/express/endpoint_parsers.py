# -*- test-case-name: tests.express.test_endpoints -*-
"""
The endpoint strings C{express:8000} and C{express:host:8000}.

Twisted finds these parsers in C{twisted.plugins} and imports them with all others, so
they import nothing of express, and no epoll, before they are used.
"""

from __future__ import annotations

from typing import cast

from twisted.internet.interfaces import (
    IReactorCore,
    IStreamClientEndpoint,
    IStreamClientEndpointStringParserWithReactor,
    IStreamServerEndpoint,
    IStreamServerEndpointStringParser,
)
from twisted.plugin import IPlugin
from zope.interface import implementer

from vaurien_twisted.interfaces.network import IServerReactor


@implementer(IPlugin, IStreamServerEndpointStringParser)
class ServerParser:
    """
    C{express:PORT[:interface=ADDRESS][:backlog=N]}.
    """

    prefix = "express"

    def parseStreamServer(
        self, reactor: IReactorCore, *args: object, **kwargs: object
    ) -> IStreamServerEndpoint:
        """
        An endpoint to listen with.

        @raise RuntimeError: the system has no epoll.
        @raise ValueError: the port or the backlog is not a number.
        @raise TypeError: an argument is missing or unknown.
        """
        return _server(
            _withEpoll(reactor), *cast("tuple[str]", args), **cast("dict[str, str]", kwargs)
        )


@implementer(IPlugin, IStreamClientEndpointStringParserWithReactor)
class ClientParser:
    """
    C{express:HOST:PORT[:timeout=SECONDS]}, or with C{host=} and C{port=}.
    """

    prefix = "express"

    def parseStreamClient(
        self, reactor: IReactorCore, *args: object, **kwargs: object
    ) -> IStreamClientEndpoint:
        """
        An endpoint to connect with.

        @raise RuntimeError: the system has no epoll.
        @raise ValueError: the port or the timeout is not a number.
        @raise TypeError: an argument is missing or unknown.
        """
        words = cast("tuple[str, str]", args)
        return _client(_withEpoll(reactor), *words, **cast("dict[str, str]", kwargs))


def _server(
    reactor: IServerReactor, port: str, interface: str = "0.0.0.0", backlog: str = "1024"
) -> IStreamServerEndpoint:
    from vaurien_twisted.express.endpoints import ExpressServerEndpoint

    return ExpressServerEndpoint(reactor, int(port), interface, int(backlog))


def _client(
    reactor: IServerReactor, host: str, port: str, timeout: str = "30"
) -> IStreamClientEndpoint:
    from vaurien_twisted.express.endpoints import ExpressClientEndpoint

    return ExpressClientEndpoint(reactor, host, int(port), float(timeout))


def _withEpoll(reactor: object) -> IServerReactor:
    from vaurien_twisted.express.poller import available

    if not available(reactor):
        raise RuntimeError(
            "express needs epoll and a reactor that watches file descriptors, "
            f"which {type(reactor).__name__} on this system is not: use tcp: instead of express:"
        )
    return cast("IServerReactor", reactor)
