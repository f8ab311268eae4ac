# -*- test-case-name: tests.transports.test_proxy_header -*-
"""
Parser and serializer of the header of the PROXY protocol, versions 1 and 2.

Source: HAProxy's C{doc/proxy-protocol.txt}, sections 2.1 and 2.2.
"""

from __future__ import annotations

import ipaddress
import re
import struct

import attrs
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress

from vaurien_twisted.model.names import plainHost

#: The versions, as users write them.
VERSIONS = ("v1", "v2")

#: The longest header that is accepted, in bytes.  Headers of version 1 are shorter.  Those of
#: version 2 may carry other data after the addresses, up to 64 KiB.
HEADER_LIMIT = 4096

#: The longest header of version 1, in bytes, including CR LF.
LINE_LIMIT = 107

#: The first bytes of version 1 and of version 2.
_ONE, _TWO = b"PROXY ", b"\r\n\r\n\0\r\nQUIT\n"

#: Version 2: the commands, and the address families for streams.
_LOCAL, _PROXY = 0x20, 0x21
_UNKNOWN, _FOUR, _SIX, _UNIX = 0x00, 0x11, 0x21, 0x31

#: The transport protocol "datagram" in the lower four bits of the address family.
_DATAGRAM = 2

#: The length of the field for a UNIX path in version 2, in bytes.
_PATH = 108

#: The name or number of an interface (RFC 4007, section 11.2).
_SCOPE = re.compile(r"[\w.-]{1,64}", re.ASCII)


class BadHeader(ValueError):
    """
    The bytes are not a valid header of the PROXY protocol.
    """


@attrs.frozen
class ProxyHeader:
    """
    A parsed header.

    @ivar source: the client's address, C{None} if the header does not contain it.
    @ivar destination: the address that the client connected to.
    @ivar rest: the bytes after the header.
    """

    source: IAddress | None
    destination: IAddress | None
    rest: bytes


def readHeader(data: bytes) -> ProxyHeader | None:
    """
    Parse the header at the beginning of C{data}.

    @return: C{None} if C{data} ends before the header does.
    @raise BadHeader: it is not a valid header, or has more than L{HEADER_LIMIT} bytes.
    """
    try:
        if data.startswith(_ONE):
            return _readOne(data)
        if data.startswith(_TWO):
            return _readTwo(data)
    except (ValueError, struct.error) as error:
        raise BadHeader(str(error)) from None
    if _ONE.startswith(data) or _TWO.startswith(data):
        return None
    raise BadHeader("it does not begin with one")


def _readOne(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\r\n", 0, LINE_LIMIT)
    if end < 0:
        if len(data) >= LINE_LIMIT:
            raise ValueError("a line of version 1 is too long")
        return None
    rest = data[end + 2 :]
    _, family, *words = data[:end].decode("latin-1").split(" ")
    if family == "UNKNOWN":
        # The words after UNKNOWN are optional and to be ignored.
        return ProxyHeader(None, None, rest)
    if family not in ("TCP4", "TCP6"):
        raise ValueError(f"{family!r} is neither TCP4, TCP6 nor UNKNOWN")
    if len(words) != 4:
        raise ValueError(f"two addresses and two ports follow {family}, not {len(words)} words")
    version = int(family[-1])
    source, destination, sourcePort, port = words
    return ProxyHeader(
        _address(ipaddress.ip_address(source), _port(sourcePort), version),
        _address(ipaddress.ip_address(destination), _port(port), version),
        rest,
    )


def _port(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 5 and int(word) <= 65535):
        raise ValueError(f"{word!r} is not a port")
    return int(word)


def _readTwo(data: bytes) -> ProxyHeader | None:
    if len(data) < 16:
        return None
    command, family, length = struct.unpack("!BBH", data[12:16])
    size = 16 + length
    if size > HEADER_LIMIT:
        raise ValueError(f"{size} bytes are too many: {HEADER_LIMIT} at most")
    if len(data) < size:
        return None
    body, rest = data[16:size], data[size:]
    if command not in (_LOCAL, _PROXY):
        raise ValueError(f"version and command {command:#04x} are unknown")
    if command == _LOCAL:
        return ProxyHeader(None, None, rest)
    kind, transport = family & 0xF0, family & 0x0F
    if transport > _DATAGRAM or kind > _UNIX & 0xF0:
        raise ValueError(f"address family {family:#04x} is unknown")
    if not kind or not transport:
        return ProxyHeader(None, None, rest)
    if kind == _UNIX & 0xF0:
        paths = struct.unpack_from(f"!{_PATH}s{_PATH}s", body)
        first, second = (UNIXAddress(p.rstrip(b"\0").decode("utf-8", "replace")) for p in paths)
        return ProxyHeader(first, second, rest)
    width = 4 if kind == _FOUR & 0xF0 else 16
    source, destination, sourcePort, port = struct.unpack_from(f"!{width}s{width}sHH", body)
    datagram = transport == _DATAGRAM
    return ProxyHeader(
        _address(ipaddress.ip_address(source), sourcePort, datagram=datagram),
        _address(ipaddress.ip_address(destination), port, datagram=datagram),
        rest,
    )


def _address(
    host: ipaddress.IPv4Address | ipaddress.IPv6Address,
    port: int,
    version: int = 0,
    datagram: bool = False,
) -> IAddress:
    """
    An address in this system's notation, so that rules match it.

    @param version: the IP version that it must have, 0 for any.
    @param datagram: whether it is a UDP address.
    @raise ValueError: it has another IP version, or its interface is not valid.
    """
    if version not in (0, host.version):
        raise ValueError(f"{host} is not an IPv{version} address")
    if isinstance(host, ipaddress.IPv6Address):
        if host.scope_id is not None and not _SCOPE.fullmatch(host.scope_id):
            raise ValueError(f"{host.scope_id!r} is not an interface")
        host = host.ipv4_mapped or host
    kind = IPv4Address if host.version == 4 else IPv6Address
    return kind("UDP" if datagram else "TCP", host.compressed, port)


def headerFor(version: str, source: IAddress | None, destination: IAddress | None) -> bytes:
    """
    Serialize the header of a connection.

    @param version: one of L{VERSIONS}.
    @param source: the client's address, C{None} if there is no client.
    @param destination: the address that the client connected to.
    """
    plain = _mapped(source), _mapped(destination)
    if all(isinstance(each, IPv4Address) for each in plain):
        source, destination = plain
    return _one(source, destination) if version == "v1" else _two(source, destination)


def _mapped(address: IAddress | None) -> IAddress | None:
    """
    The IPv4 address that an IPv6 socket reports as C{::ffff:10.0.0.7}; other addresses
    unchanged.
    """
    host = plainHost(address.host) if isinstance(address, IPv6Address) else ""
    if isinstance(address, IPv6Address) and host and ":" not in host:
        return IPv4Address(address.type, host, address.port)
    return address


def _one(source: IAddress | None, destination: IAddress | None) -> bytes:
    for kind, family in ((IPv4Address, "TCP4"), (IPv6Address, "TCP6")):
        if isinstance(source, kind) and isinstance(destination, kind):
            words = ("PROXY", family, _host(source), _host(destination))
            return f"{' '.join(words)} {source.port} {destination.port}\r\n".encode("ascii")
    return b"PROXY UNKNOWN\r\n"


def _two(source: IAddress | None, destination: IAddress | None) -> bytes:
    family, body = _UNKNOWN, b""
    if isinstance(source, UNIXAddress) and isinstance(destination, UNIXAddress):
        family, body = _UNIX, _path(source) + _path(destination)
    for kind, number in ((IPv4Address, _FOUR), (IPv6Address, _SIX)):
        if isinstance(source, kind) and isinstance(destination, kind):
            hosts = (ipaddress.ip_address(_host(each)).packed for each in (source, destination))
            ports = struct.pack("!HH", source.port, destination.port)
            family, body = number, b"".join(hosts) + ports
    command = _LOCAL if source is None else _PROXY
    return _TWO + struct.pack("!BBH", command, family, len(body)) + body


def _host(address: IPv4Address | IPv6Address) -> str:
    # The interface of a link-local address has no meaning on another machine.
    return str(address.host).partition("%")[0]


def _path(address: UNIXAddress) -> bytes:
    name = address.name or b""
    path = name.encode() if isinstance(name, str) else name
    return path[:_PATH].ljust(_PATH, b"\0")
