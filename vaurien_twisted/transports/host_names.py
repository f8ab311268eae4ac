# -*- test-case-name: tests.transports.test_host_names -*-
"""
Converts host names as users write them to names that resolvers accept.

RFC 1123 section 2.1 allows only letters, digits and hyphens in a host name.  But service names of
Docker Compose and Swarm can contain underscores (C{my_service}), and the DNS allows any octet
(RFC 2181 section 11).  So the resolver decides which names are valid.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import idna
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
    IProtocol,
    IProtocolFactory,
    IReactorPluggableNameResolver,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.transports.self_connect import ConnectingReactor

#: The longest label and the longest name, in octets (RFC 1035 section 2.3.4).  The length of a
#: name includes its dots, except a final one.
LONGEST_LABEL, LONGEST_NAME = 63, 253

#: Stands for a name that L{HostnameEndpoint} would not take; never looked up (RFC 6761).
_PLACEHOLDER = "name.invalid"


def asciiName(host: str) -> str:
    """
    A name of a host in ASCII: international labels in the form of IDNA (RFC 5891), others
    unchanged.  An IP address does not change.

    @raise ValueError: it cannot be looked up: a label is empty or too long, or has characters
        that no name can have.
    """
    if isIPAddress(host) or isIPv6Address(host):
        return host
    labels = unicodedata.normalize("NFC", host).split(".")
    root = len(labels) > 1 and not labels[-1]
    if root:
        labels.pop()
    found = [_label(host, label) for label in labels]
    name = ".".join(found)
    if len(name) > LONGEST_NAME:
        raise ValueError(f"the name is over {LONGEST_NAME} characters long")
    return f"{name}." if root else name


def _label(host: str, label: str) -> str:
    text = label
    if not label.isascii():
        try:
            text = idna.encode(label, uts46=True).decode("ascii")
        except idna.IDNAError:
            text = _older(label)
    if not text:
        raise ValueError(f"{host!r} has an empty label")
    if len(text) > LONGEST_LABEL:
        raise ValueError(f"a label is over {LONGEST_LABEL} characters long")
    return text


def _older(label: str) -> str:
    """
    Encode a label by IDNA 2003 (RFC 3490), which accepts underscores too.
    """
    try:
        return label.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError(f"{label!r} cannot be part of a name: {error}") from None


def namedEndpoint(
    reactor: IServerReactor, host: str, port: int, timeout: float, source: str | None = None
) -> IStreamClientEndpoint:
    """
    An endpoint that connects to a host name or an IP address.

    @param port: 1 to 65535.
    @param timeout: how long connecting may take, in seconds.
    @param source: the local IP address to connect from; C{None}: the system chooses it.
    @raise ValueError: C{host} is not a name that can be looked up.
    """
    # Imported here because it imports TLS, which is slow to load.
    from twisted.internet.endpoints import HostnameEndpoint

    name = asciiName(host)
    bind = None if source is None else (source, 0)
    looksUp: bool = IReactorPluggableNameResolver.providedBy(reactor)
    if not looksUp:
        return HostnameEndpoint(reactor, host, port, timeout, bind)
    if _isPlain(name):
        return HostnameEndpoint(ConnectingReactor(reactor), name, port, timeout, bind)
    resolver = _Resolver(reactor, name)
    below = HostnameEndpoint(
        ConnectingReactor(reactor, resolver), _PLACEHOLDER, port, timeout, bind
    )
    return _OddlyNamedEndpoint(below, name)


def _isPlain(name: str) -> bool:
    """
    Whether L{HostnameEndpoint} accepts C{name}.
    """
    if isIPAddress(name) or isIPv6Address(name):
        return True
    try:
        idna.encode(name)
        idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return False
    return True


@implementer(IHostnameResolver)
class _Resolver:
    """
    A resolver that looks up one fixed name, whatever name is passed.
    """

    def __init__(self, reactor: IServerReactor, name: str) -> None:
        self._reactor = reactor
        self._name = name

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        resolution: IHostResolution = self._reactor.nameResolver.resolveHostName(
            resolutionReceiver, self._name, portNumber, addressTypes, transportSemantics
        )
        return resolution


@implementer(IStreamClientEndpoint)
class _OddlyNamedEndpoint:
    """
    Connects like another endpoint.  If the look-up fails, the error names the host.
    """

    def __init__(self, endpoint: IStreamClientEndpoint, name: str) -> None:
        self._endpoint = endpoint
        self._name = name

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        connecting: Deferred[IProtocol] = self._endpoint.connect(protocolFactory)
        return connecting.addErrback(self._failed)

    def _failed(self, failure: Failure) -> Failure:
        failure.trap(DNSLookupError)
        return Failure(DNSLookupError(f"no results for hostname lookup: {self._name}"))
