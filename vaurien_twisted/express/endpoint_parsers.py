# -*- test-case-name: tests.express.test_endpoints -*-
"""
The endpoint strings C{express:8000} and C{express:host:8000}.

Twisted finds these parsers in C{twisted.plugins} and imports them with all others, so
they import nothing of express, and no epoll, before they are used.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import (
    IStreamClientEndpoint,
    IStreamClientEndpointStringParserWithReactor,
    IStreamServerEndpoint,
    IStreamServerEndpointStringParser,
)
from twisted.plugin import IPlugin
from zope.interface import implementer


@implementer(IPlugin, IStreamServerEndpointStringParser)
class ServerParser:
    """
    C{express:PORT[:interface=ADDRESS][:backlog=N]}.
    """

    prefix = "express"

    def parseStreamServer(self, reactor: Any, *args: Any, **kwargs: Any) -> IStreamServerEndpoint:
        """
        An endpoint to listen with.

        @raise RuntimeError: there is no epoll here.
        @raise ValueError: the port or the backlog is no number.
        @raise TypeError: an argument is missing or unknown.
        """
        _needEpoll(reactor)
        return _server(reactor, *args, **kwargs)


@implementer(IPlugin, IStreamClientEndpointStringParserWithReactor)
class ClientParser:
    """
    C{express:HOST:PORT[:timeout=SECONDS]}, or with C{host=} and C{port=}.
    """

    prefix = "express"

    def parseStreamClient(self, reactor: Any, *args: Any, **kwargs: Any) -> IStreamClientEndpoint:
        """
        An endpoint to connect with.

        @raise RuntimeError: there is no epoll here.
        @raise ValueError: the port or the timeout is no number.
        @raise TypeError: an argument is missing or unknown.
        """
        _needEpoll(reactor)
        return _client(reactor, *args, **kwargs)


def _server(
    reactor: Any, port: str, interface: str = "0.0.0.0", backlog: str = "1024"
) -> IStreamServerEndpoint:
    from vaurien_twisted.express.endpoints import ExpressServerEndpoint

    return ExpressServerEndpoint(reactor, int(port), interface, int(backlog))


def _client(reactor: Any, host: str, port: str, timeout: str = "30") -> IStreamClientEndpoint:
    from vaurien_twisted.express.endpoints import ExpressClientEndpoint

    return ExpressClientEndpoint(reactor, host, int(port), float(timeout))


def _needEpoll(reactor: Any) -> None:
    from vaurien_twisted.express.poller import available

    if not available(reactor):
        raise RuntimeError(
            "express needs epoll and a reactor that watches file descriptors, "
            f"which {type(reactor).__name__} on this system is not: use tcp: instead of express:"
        )
