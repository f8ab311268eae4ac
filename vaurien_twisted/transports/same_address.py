# -*- test-case-name: tests.transports.test_same_address -*-
"""
Compares addresses: whether a client that connects to one address reaches a server that listens
on another.

Different addresses can lead to the same server: C{localhost}, C{127.0.0.1} and
C{::ffff:127.0.0.1} are equivalent, every IPv4 address of this machine reaches a server on
C{0.0.0.0}, and every symbolic link to a UNIX socket reaches that socket.  This module looks up no
names except those of this machine.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket

import attrs

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Stands for any address of this machine.
OWN = "this machine"

#: Splits C{HOST:PORT}; it does not check that the host is valid.
_HOST_PORT = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]]*)):([0-9]+)")

#: For each kind of server endpoint string: the index of the port argument, the index of the host
#: argument (C{None}: it has none), and the default host.
_SERVERS = {
    "tcp": (0, None, "0.0.0.0"),
    "tcp4": (0, None, "0.0.0.0"),
    "tcp6": (0, 1, "::"),
    "ssl": (0, None, "0.0.0.0"),
    "tls": (1, None, "::"),
    "express": (0, 1, "0.0.0.0"),
}
_CLIENTS = frozenset(("tcp", "ssl", "tls", "express"))


@attrs.frozen
class Place:
    """
    The address of a server, taken from an endpoint string or from a socket.

    @ivar host: an IP address, a name, or L{OWN}; C{""} for a UNIX socket.
    @ivar port: its TCP port, 1 to 65535; 0 for a UNIX socket.
    @ivar path: the path of a UNIX socket, C{""} for TCP.
    """

    host: str
    port: int
    path: str = ""


def served(text: str) -> Place | None:
    """
    The place where a proxy with this listening address listens.

    @param text: C{HOST:PORT} or an endpoint string.
    @return: C{None} if the place is known only once the proxy listens, as with port 0.
    """
    prefix = text.partition(":")[0]
    if prefix == "haproxy":
        return served(text.partition(":")[2])
    if prefix == "unix":
        return _path(text)
    if prefix not in _SERVERS:
        return _hostPort(text, "0.0.0.0")
    portAt, hostAt, host = _SERVERS[prefix]
    words, named = _arguments(text)
    port = named.get("port") or (words[portAt] if len(words) > portAt else "")
    if hostAt is not None and len(words) > hostAt:
        host = words[hostAt]
    host = named.get("interface") or host
    return Place(host, int(port)) if port.isdecimal() and int(port) else None


def reached(text: str) -> Place | None:
    """
    The place that a proxy with this backend address connects to.

    @param text: C{HOST:PORT} or an endpoint string.
    @return: C{None} if the string does not have it.
    """
    prefix = text.partition(":")[0]
    if prefix == "proxied":
        return reached(text.split(":", 2)[-1])
    if prefix == "unix":
        return _path(text)
    if prefix not in _CLIENTS:
        return _hostPort(text, "127.0.0.1")
    words, named = _arguments(text)
    if "endpoint" in named:
        return reached(named["endpoint"])
    host = named.get("host") or (words[0] if words else "")
    rest = words if "host" in named else words[1:]
    port = named.get("port") or (rest[0] if rest else "")
    return Place(host or "127.0.0.1", int(port)) if port.isdecimal() else None


def _arguments(text: str) -> tuple[list[str], dict[str, str]]:
    # Imported here because C{HOST:PORT} does not need it, and it is slow to load.
    from vaurien_twisted.transports.endpoint_strings import divided

    _, words, named = divided(text)
    return words, named


def _path(text: str) -> Place | None:
    words, named = _arguments(text)
    path = named.get("address") or named.get("path") or (words[0] if words else "")
    return Place("", 0, path) if path and "\0" not in path else None


def _hostPort(text: str, everywhere: str) -> Place | None:
    match = _HOST_PORT.fullmatch(text)
    if match is None or not int(match[3]):
        return None
    return Place(match[1] or match[2] or everywhere, int(match[3]))


def placeOf(address: object) -> Place | None:
    """
    The place of a Twisted address, as ports and transports return it.

    @return: C{None} if C{address} has neither a port nor a path.
    """
    port = getattr(address, "port", None)
    if port:
        return Place(str(getattr(address, "host", "")), int(port))
    name = getattr(address, "name", None)
    if not name:
        return None
    return Place("", 0, os.fsdecode(name))


def leadsTo(target: Place, server: Place) -> bool:
    """
    Whether a client that connects to C{target} reaches the server that listens on C{server}.
    """
    if target.path or server.path:
        return bool(target.path and server.path) and _samePath(target.path, server.path)
    if target.port != server.port:
        return False
    listening = _addresses(server.host)
    return any(_isAt(each, here) for each in _addresses(target.host) for here in listening)


def _isAt(target: _Address | str, here: _Address | str) -> bool:
    if isinstance(here, str) or isinstance(target, str):
        # A server that listens on all addresses is reached by any name of this machine.
        return target == here or (target == OWN and not isinstance(here, str) and _isAny(here))
    if not _isAny(here):
        return _loopback(target) == here
    if here.version != target.version and (here.version == 4 or not _takesBoth()):
        return False
    return _isAny(target) or target.is_loopback or isOwn(target)


def _isAny(address: _Address) -> bool:
    return address.is_unspecified


def _loopback(address: _Address) -> _Address:
    """
    The loopback address instead of C{0.0.0.0} or C{::}, since connecting to these reaches it.
    """
    if not address.is_unspecified:
        return address
    return ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")


def _addresses(host: str) -> list[_Address | str]:
    """
    The addresses of a host; C{[]} for a name that would have to be looked up.
    """
    name = host.lower().removesuffix(".")
    if name in ("localhost", "ip6-localhost"):
        return [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    own = socket.gethostname().lower()
    if name == OWN or name in (own, own.partition(".")[0]):
        return [OWN]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:
            # Resolvers also accept short forms such as 127.1 (inet_aton(3)).
            return [ipaddress.IPv4Address(socket.inet_aton(host))]
        except OSError:
            return []
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return [mapped or address]


def isOwn(address: _Address) -> bool:
    """
    Whether C{address} belongs to this machine: whether a socket can be bound to it.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def _takesBoth() -> bool:
    """
    Whether a server on C{::} accepts IPv4 clients as well (ipv6(7), C{IPV6_V6ONLY}).
    """
    try:
        with socket.socket(socket.AF_INET6) as probe:
            return not probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    except OSError:
        return False


def _samePath(one: str, other: str) -> bool:
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
