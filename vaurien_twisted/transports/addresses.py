# -*- test-case-name: tests.transports.test_addresses -*-
"""
Parses addresses as users write them: C{HOST:PORT}, or a Twisted endpoint string.
"""

# Endpoints are imported where they are used: Twisted's own import TLS, which is slow to load, and
# those of express need epoll.

from __future__ import annotations

import re
import select
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocolFactory,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from twisted.internet.posixbase import PosixReactorBase

from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.model.names import checkAddress, plainHost
from vaurien_twisted.model.options import Refused
from vaurien_twisted.transports.descriptors import AT_ONCE, Descriptors

#: C{HOST:PORT}, an IPv6 host in brackets; the interface after its C{%} may have hyphens.
_HOST_PORT = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.%\w-]+)\]|(?P<host>[\w.-]*)):(?P<port>[0-9]{1,5})"
)

#: The prefixes of endpoint strings that can look like C{HOST:PORT}, such as C{tcp:8000}.
_PREFIXES = frozenset(
    {"tcp", "tcp4", "tcp6", "ssl", "tls", "systemd", "haproxy", "express", "proxied"}
)

#: Prefixes of endpoint strings that Twisted parses, but whose numbers must be checked before.
COUNTED = frozenset({"tcp", "tcp4", "tcp6", "express"})

#: How many connections may wait to be accepted.
BACKLOG = 1024


class CannotListen(Refused):
    """
    An address is valid, but the proxy cannot listen on it now.

    @ivar text: the address as the user wrote it.
    @ivar cause: the system's message, such as C{address already in use}.
    """

    def __init__(self, description: str, name: str, text: str, cause: str) -> None:
        super().__init__(description, name)
        self.text = text
        self.cause = cause


def hostPort(text: str) -> tuple[str, int] | None:
    """
    The host and port of C{HOST:PORT}; C{None} if C{text} does not have this form.
    """
    match = _HOST_PORT.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        return None
    return match["six"] or match["host"] or "", int(match["port"])


E = TypeVar("E")

#: Wraps a TCP endpoint (TLS, PROXY protocol).
ServerWrapper: TypeAlias = "Callable[[IStreamServerEndpoint], IStreamServerEndpoint]"
ClientWrapper: TypeAlias = "Callable[[IStreamClientEndpoint], IStreamClientEndpoint]"


def _asItIs(endpoint: E) -> E:
    return endpoint


def serverEndpoint(
    reactor: IServerReactor, text: str, name: str, around: ServerWrapper = _asItIs
) -> IStreamServerEndpoint:
    """
    The endpoint that listens on an address.

    @param name: the option that C{text} was given for.
    @param around: wraps the TCP endpoint, below TLS.
    @raise Refused: C{text} is neither C{HOST:PORT} nor a valid endpoint string.
    """
    place = hostPort(checkAddress(text, name))
    if place is not None and not isEndpoint(text):
        return around(_tcpServer(reactor, name, place[1], _listenHost(place[0]), BACKLOG))
    prefix, _, rest = text.partition(":")
    if prefix in ("ssl", "tls", "systemd", "haproxy"):
        from vaurien_twisted.transports import endpoint_strings as strings

        if prefix in ("ssl", "tls"):
            make = strings.sslServer if prefix == "ssl" else strings.tlsServer
            return make(
                reactor, text, name, lambda *place: around(_tcpServer(reactor, name, *place))
            )
        if prefix == "systemd":
            return around(strings.systemdServer(reactor, text, name))
        return serverEndpoint(
            reactor, rest, name, lambda below: strings.proxyProtocolServer(reactor, around(below))
        )
    from twisted.internet.endpoints import serverFromString

    from vaurien_twisted.transports.endpoint_strings import checkNumbers

    try:
        if prefix in COUNTED:
            checkNumbers(text)
        made: IStreamServerEndpoint = serverFromString(reactor, text)
        if prefix == "unix":
            from vaurien_twisted.transports.endpoint_strings import unixServer

            made = unixServer(reactor, text, name)
        return around(made)
    except Exception as error:
        raise _badAddress(text, name, error) from None


def _tcpServer(
    reactor: IServerReactor, name: str, port: int, host: str, backlog: int
) -> IStreamServerEndpoint:
    if _goesByExpress(reactor):
        from vaurien_twisted.express.endpoints import ExpressServerEndpoint

        place = port, host or "0.0.0.0", backlog
        if name == "proxy":
            # Clients of a proxy leave file descriptors for those of control.
            return ExpressServerEndpoint(reactor, *place, Descriptors(reactor.seconds))
        return ExpressServerEndpoint(reactor, *place, accepts=AT_ONCE)
    from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint

    if ":" in host:
        return TCP6ServerEndpoint(reactor, port, backlog, host)
    return TCP4ServerEndpoint(reactor, port, backlog, host)


def clientEndpoint(
    reactor: IServerReactor,
    text: str,
    name: str,
    timeout: float = 30.0,
    around: ClientWrapper = _asItIs,
) -> IStreamClientEndpoint:
    """
    The endpoint that connects to an address.

    @param name: the option that C{text} was given for.
    @param timeout: how many seconds connecting may take; endpoint strings have their own.
    @param around: wraps the TCP endpoint, below TLS.
    @raise Refused: C{text} is neither C{HOST:PORT} nor a valid endpoint string, or its port is 0.
    """
    place = hostPort(checkAddress(text, name))
    if place is not None and not isEndpoint(text):
        host, port = place
        if not port:
            raise Refused(
                f"{text!r} has port 0, which cannot be connected to: use 1 to 65535", name
            )
        try:
            return around(_tcpClient(reactor, host, port, timeout))
        except ValueError as error:
            raise _badAddress(text, name, error) from None
    prefix = text.partition(":")[0]
    if prefix in ("ssl", "tls", "proxied"):
        from vaurien_twisted.transports import endpoint_strings as strings

        if prefix == "proxied":
            withHeader, rest = strings.proxyProtocolClient(text, name)
            return clientEndpoint(
                reactor, rest, name, timeout, lambda below: withHeader(around(below))
            )

        def below(
            host: str, port: int, timeout: float, source: str | None = None
        ) -> IStreamClientEndpoint:
            try:
                return around(_tcpClient(reactor, host, port, timeout, source))
            except ValueError as error:
                raise _badAddress(text, name, error) from None

        if prefix == "ssl":
            return strings.sslClient(reactor, text, name, below)
        return strings.tlsClient(
            reactor,
            text,
            name,
            below,
            lambda other: clientEndpoint(reactor, other, name, timeout, around),
        )
    from twisted.internet.endpoints import clientFromString

    from vaurien_twisted.transports.endpoint_strings import checkNumbers, checkPath

    try:
        if prefix in COUNTED:
            checkNumbers(text, client=True)
        elif prefix == "unix":
            checkPath(text)
        if prefix == "tcp":
            from vaurien_twisted.transports.endpoint_strings import checkTCPName
            from vaurien_twisted.transports.self_connect import ConnectingReactor

            checkTCPName(text)
            made = clientFromString(ConnectingReactor(reactor), text)
        else:
            made = clientFromString(reactor, text)
        return around(made)
    except Exception as error:
        raise _badAddress(text, name, error) from None


def _tcpClient(
    reactor: IServerReactor, host: str, port: int, timeout: float, source: str | None = None
) -> IStreamClientEndpoint:
    """
    @param source: the address to connect from.
    @raise ValueError: C{host} is a name that cannot be looked up.
    """
    if source is None:
        if isIPAddress(host) or isIPv6Address(host) or not host:
            return literalEndpoint(reactor, host or "127.0.0.1", port, timeout)
        if host.lower().removesuffix(".") == "localhost":
            from vaurien_twisted.transports.localhost import LocalhostEndpoint

            four = literalEndpoint(reactor, "127.0.0.1", port, timeout)
            return LocalhostEndpoint(four, literalEndpoint(reactor, "::1", port, timeout))
    from vaurien_twisted.transports.host_names import namedEndpoint

    return namedEndpoint(reactor, host, port, timeout, source)


def literalEndpoint(
    reactor: IServerReactor, host: str, port: int, timeout: float
) -> IStreamClientEndpoint:
    """
    An endpoint for an IP address, by C{express} if possible; C{timeout} is in seconds.
    """
    if _goesByExpress(reactor):
        from vaurien_twisted.express.endpoints import ExpressClientEndpoint

        return ExpressClientEndpoint(reactor, host, port, timeout)
    from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint

    from vaurien_twisted.transports.self_connect import ConnectingReactor

    kind = TCP6ClientEndpoint if ":" in host else TCP4ClientEndpoint
    endpoint: IStreamClientEndpoint = kind(ConnectingReactor(reactor), host, port, timeout)
    return endpoint


#: What to do if an address is taken, by the option that it was given for.
_ELSEWHERE = {
    "http_port": "choose another with --http-port",
    "toxiproxy": "choose another with --toxiproxy",
}


async def listenOn(
    endpoint: IStreamServerEndpoint, factory: IProtocolFactory, text: str, name: str
) -> IListeningPort:
    """
    Listen on an endpoint.

    @param text: the address, which was given for the option C{name}.
    @raise CannotListen: the port is in use, the address is not of this machine, and so on.
    @raise Refused: a number in the address is out of range.
    """
    try:
        port: IListeningPort = await endpoint.listen(factory)
    except CannotListenError as error:
        socketError = error.socketError
        reason = getattr(socketError, "strerror", None) or str(socketError)
        reason = f"{reason[:1].lower()}{reason[1:]}"
        raise CannotListen(
            f"cannot listen on {text}: {reason}; {_ELSEWHERE.get(name, 'choose another address')}",
            name,
            text,
            reason,
        ) from None
    except OSError as error:
        reason = str(error.strerror or error)
        raise CannotListen(f"cannot listen on {text}: {reason}", name, text, reason) from None
    except (OverflowError, ValueError) as error:
        # Numbers that no system call accepts, such as a port of 99999.
        raise Refused(f"cannot listen on {text!r}: {error}", name) from None
    return port


def addressText(address: IAddress) -> str:
    """
    An address as text: C{HOST:PORT}, C{[HOST]:PORT} for IPv6, or the path of a UNIX socket.
    """
    if isinstance(address, IPv6Address):
        host = plainHost(address.host)
        return f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"
    if isinstance(address, IPv4Address):
        return f"{address.host}:{address.port}"
    if isinstance(address, UNIXAddress):
        name = address.name
        return name.decode() if isinstance(name, bytes) else str(name)
    return str(address)


def isEndpoint(text: str) -> bool:
    """
    Whether C{text} begins like an endpoint string, such as C{tcp:8000}.
    """
    return text.partition(":")[0] in _PREFIXES


def _goesByExpress(reactor: object) -> bool:
    """
    Whether a reactor can use C{express}: it has real sockets, and the system has epoll.
    """
    return isinstance(reactor, PosixReactorBase) and hasattr(select, "epoll")


def listenPlace(text: str) -> tuple[str, int] | None:
    """
    The host and the port that C{HOST:PORT} listens on; C{None} for an endpoint string.
    """
    place = hostPort(text)
    if place is None or isEndpoint(text):
        return None
    return _listenHost(place[0]) or "0.0.0.0", place[1]


def _listenHost(host: str) -> str:
    return "127.0.0.1" if host.lower().removesuffix(".") == "localhost" else host


def _badAddress(text: str, name: str, error: Exception) -> Refused:
    reason = str(error)
    host, _, port = text.rpartition(":")
    if not (host and port):
        reason = "it has no port"
    elif not isEndpoint(text) and (":" not in host or host.startswith("[")):
        reason = f"{port} is not a port, 0 to 65535"
    form = "HOST:PORT or an endpoint string"
    return Refused(f"{text!r} is not an address: write {form} ({reason})", name)
