# -*- test-case-name: tests.transports.test_endpoint_strings -*-
"""
The endpoint strings that are ours, beside those of Twisted and its plugins.

C{ssl:} and C{tls:} take what Twisted's own of these names take, and a little more.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint, IStreamServerEndpoint

from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.model.options import Refused, nearest
from vaurien_twisted.transports.proxy_header import VERSIONS
from vaurien_twisted.transports.proxy_protocol_client import ProxyProtocolClientEndpoint

#: Makes the endpoint below TLS, of port, interface and backlog.
ServerBelow: TypeAlias = "Callable[[int, str, int], IStreamServerEndpoint]"

#: The same, of host, port, timeout and the address to bind to.
ClientBelow: TypeAlias = "Callable[[str, int, float, str | None], IStreamClientEndpoint]"

#: The longest path of a UNIX socket, in bytes (unix(7), on Linux; others have less).
PATH_LIMIT = 107

#: The mode of a UNIX socket that says none, in octal digits.
UNIX_MODE = "600"

#: The arguments, those first that may stand without their names.
_SERVE = "port privateKey certKey sslmethod interface backlog extraCertChain dhParameters clientCA"
_SERVE_PATH = "address mode backlog lockfile"
_SERVE_MANY = "path port backlog interface"
_SSL = "host port timeout bindAddress certKey privateKey caCertsDir hostname"
_TLS = "host port timeout bindAddress certificate privateKey trustRoots endpoint"


def divided(text: str) -> tuple[str, list[str], dict[str, str]]:
    """
    The parts of an endpoint string: the prefix, arguments without names, and those with.
    A backslash takes the meaning from the colon or equals sign after it.
    """
    parts: list[tuple[str | None, str]] = []
    name: str | None = None
    word = ""
    letters = iter(text)
    for letter in letters:
        if letter == "\\":
            word += next(letters, "")
        elif letter == ":":
            parts.append((name, word))
            name, word = None, ""
        elif letter == "=" and name is None:
            name, word = word, ""
        else:
            word += letter
    parts.append((name, word))
    prefix, *rest = parts
    return (
        prefix[1],
        [word for name, word in rest if name is None],
        {name: word for name, word in rest if name is not None},
    )


def _bound(text: str, takes: str, option: str) -> dict[str, str]:
    """
    The arguments of an endpoint string by name.

    @raise Refused: there are too many, or one is unknown.
    """
    names = takes.split()
    prefix, words, named = divided(text)
    if len(words) > len(names):
        raise Refused(f"{text!r} has too many arguments: {prefix}: takes {len(names)}", option)
    found = dict(zip(names, words, strict=False))
    for name, word in named.items():
        if name not in names:
            raise Refused(f"{prefix}: has no {name!r}: {nearest(name, names)}", option)
        if name in found:
            raise Refused(f"{text!r} says its {name} twice", option)
        found[name] = word
    return found


def _number(found: dict[str, str], name: str, default: int, text: str, option: str) -> int:
    word = found.get(name, str(default))
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 10 else -1
    if not 0 <= number <= (65535 if name in ("port", "backlog") else 10**9):
        raise Refused(f"{text!r}: {word!r} is no {name}", option)
    return int(word)


def _mode(word: str, text: str, option: str) -> int:
    if not (0 < len(word) < 6 and set(word) <= set("01234567") and int(word, 8) <= 0o777):
        raise Refused(f"{text!r}: {word!r} is no mode: 000 to 777", option)
    return int(word, 8)


def checkPath(text: str) -> None:
    """
    Check the path of C{unix:PATH}.

    @raise ValueError: it is too long for a UNIX socket.
    """
    _, words, named = divided(text)
    path = named.get("path") or named.get("address") or "".join(words[:1])
    if len(os.fsencode(path)) > PATH_LIMIT:
        raise ValueError(f"the path of a UNIX socket has {PATH_LIMIT} bytes at most")


def unixServer(reactor: IServerReactor, text: str, option: str) -> IStreamServerEndpoint:
    """
    C{unix:PATH}, which takes what Twisted's takes; where it says no mode, only who runs Vaurien
    can connect.

    @raise Refused: it is not understood.
    """
    from vaurien_twisted.transports.unix_sockets import PathServerEndpoint

    found = _bound(text, _SERVE_PATH, option)
    return PathServerEndpoint(
        reactor,
        found["address"],
        _number(found, "backlog", 1024, text, option),
        _mode(found.get("mode", UNIX_MODE), text, option),
        bool(_number(found, "lockfile", 1, text, option)),
    )


def sslServer(
    reactor: IServerReactor,
    text: str,
    option: str,
    tcp: ServerBelow,
) -> IStreamServerEndpoint:
    """
    C{ssl:PORT:privateKey=FILE:certKey=FILE}, with C{clientCA=FILE} for clients that must
    bring a certificate.

    @param tcp: makes the endpoint below of port, interface and backlog.
    @raise Refused: it is not understood, or a file is not as it should be.
    """
    from vaurien_twisted.transports.certificates import serverOptions
    from vaurien_twisted.transports.tls import TLSServerEndpoint

    found = _bound(text, _SERVE, option)
    if "sslmethod" in found:
        raise Refused("ssl: takes no sslmethod here: TLS 1.2 and 1.3 are spoken", option)
    if "port" not in found:
        raise Refused(f"{text!r} must say its port", option)
    port = _number(found, "port", 0, text, option)
    key = found.get("privateKey", "server.pem")
    read = partial(
        serverOptions,
        option,
        found.get("certKey", key),
        key,
        chain=found.get("extraCertChain", ""),
        clients=found.get("clientCA", ""),
        parameters=found.get("dhParameters", ""),
    )
    backlog = _number(found, "backlog", 1024, text, option)
    return TLSServerEndpoint(reactor, tcp(port, found.get("interface", ""), backlog), read)


def tlsServer(
    reactor: IServerReactor,
    text: str,
    option: str,
    tcp: ServerBelow,
) -> IStreamServerEndpoint:
    """
    C{tls:FOLDER:PORT}: for each host the certificate that is in a folder.

    @param tcp: as for L{sslServer}.
    @raise Refused: it is not understood, or the folder is not as it should be.
    """
    from vaurien_twisted.transports.tls import TLSServerEndpoint
    from vaurien_twisted.transports.virtual_hosts import folderOptions

    found = _bound(text, _SERVE_MANY, option)
    if not found.get("path"):
        raise Refused(f"{text!r} must say its path", option)
    port = _number(found, "port", 443, text, option)
    backlog = _number(found, "backlog", 1024, text, option)
    read = partial(folderOptions, option, found["path"])
    return TLSServerEndpoint(reactor, tcp(port, found.get("interface", "::"), backlog), read)


def sslClient(
    reactor: IServerReactor, text: str, option: str, tcp: ClientBelow
) -> IStreamClientEndpoint:
    """
    C{ssl:HOST:PORT}, which trusts any server unless C{caCertsDir} or C{hostname} is given.

    @param tcp: makes the endpoint below of host, port, timeout and the address to bind to.
    @raise Refused: it is not understood, or a file is not as it should be.
    """
    from vaurien_twisted.transports.certificates import clientOptions
    from vaurien_twisted.transports.tls import TLSClientEndpoint

    found = _bound(text, _SSL, option)
    host, port, timeout = _place(found, text, option)
    read = partial(
        clientOptions,
        option,
        found.get("hostname"),
        found.get("caCertsDir", ""),
        found.get("certKey", ""),
        found.get("privateKey", ""),
    )
    below = tcp(host, port, timeout, found.get("bindAddress"))
    return TLSClientEndpoint(reactor, below, read, timeout)


def tlsClient(
    reactor: IServerReactor,
    text: str,
    option: str,
    tcp: ClientBelow,
    other: Callable[[str], IStreamClientEndpoint],
) -> IStreamClientEndpoint:
    """
    C{tls:HOST:PORT}: the server's certificate must be for C{HOST}, and signed by who this
    system trusts or C{trustRoots} names.

    @param tcp: as for L{sslClient}.
    @param other: makes the endpoint below of C{endpoint=}, if that is given.
    @raise Refused: it is not understood, or a file is not as it should be.
    """
    from vaurien_twisted.transports.certificates import clientOptions
    from vaurien_twisted.transports.tls import TLSClientEndpoint

    found = _bound(text, _TLS, option)
    host, port, timeout = _place(found, text, option)
    read = partial(
        clientOptions,
        option,
        host,
        found.get("trustRoots", ""),
        found.get("certificate", ""),
        found.get("privateKey", ""),
    )
    if "endpoint" in found:
        below = other(found["endpoint"])
    else:
        below = tcp(host, port, timeout, found.get("bindAddress"))
    return TLSClientEndpoint(reactor, below, read, timeout)


def _place(found: dict[str, str], text: str, option: str) -> tuple[str, int, float]:
    for name in ("host", "port"):
        if not found.get(name):
            raise Refused(f"{text!r} must say its {name}", option)
    port = _number(found, "port", 0, text, option)
    return found["host"], port, float(_number(found, "timeout", 30, text, option))


def checkNumbers(text: str, client: bool = False) -> None:
    """
    Check the numbers of C{tcp:} and what else is read by Twisted's own parsers or a plugin's:
    a system call may not take them.

    @param client: whether it names what to connect to; the host comes first then.
    @raise ValueError: a port, backlog or timeout is out of bounds.
    """
    _, words, named = divided(text)
    ports = words[1:2] if client and "host" not in named else words[:1]
    found = {"port": ports[0]} if ports else {}
    for name, word in {**found, **named}.items():
        if name not in ("port", "backlog", "timeout"):
            continue
        if len(word) > 20 or not 0 <= float(word) <= (10**9 if name == "timeout" else 65535):
            raise ValueError(f"{word[:20]} is no {name}")


def checkTCPName(text: str) -> None:
    """
    Check the host of C{tcp:HOST:PORT}, Twisted's own string.

    @raise ValueError: the host is a name that cannot be looked up.
    """
    from vaurien_twisted.transports.host_names import asciiName

    _, words, named = divided(text)
    host = named.get("host") or (words and words[0])
    if host:
        asciiName(host)


def proxyProtocolServer(
    clock: IReactorTime, endpoint: IStreamServerEndpoint
) -> IStreamServerEndpoint:
    """
    C{haproxy:} before an endpoint: connections begin with a header of the PROXY protocol.
    """
    from vaurien_twisted.transports.proxy_protocol_server import ProxyProtocolServerEndpoint

    return ProxyProtocolServerEndpoint(clock, endpoint)


def proxyProtocolClient(
    text: str, option: str
) -> tuple[Callable[[IStreamClientEndpoint], IStreamClientEndpoint], str]:
    """
    C{proxied:VERSION:} before an address: what makes an endpoint send a header of the PROXY
    protocol first, and the address.

    @raise Refused: there is no such version.
    """
    _, _, rest = text.partition(":")
    version, _, address = rest.partition(":")
    if version not in VERSIONS:
        raise Refused(f"{text!r}: {version!r} is no version: proxied:v1: or proxied:v2:", option)
    return lambda endpoint: ProxyProtocolClientEndpoint(endpoint, version), address


def systemdServer(reactor: IServerReactor, text: str, option: str) -> IStreamServerEndpoint:
    """
    C{systemd:domain=INET:index=0}, or C{name=} in place of C{index=}.

    @raise Refused: it is not understood, or systemd handed over no such socket.
    """
    from twisted.internet.endpoints import serverFromString

    from vaurien_twisted.transports.systemd import InheritedServerEndpoint

    try:
        adopted = serverFromString(reactor, text)
    except (IndexError, KeyError):
        raise Refused(f"{text!r}: systemd has handed over no such socket", option) from None
    except (AttributeError, TypeError, ValueError) as error:
        raise Refused(f"{text!r} is not an address: {error}", option) from None
    return InheritedServerEndpoint(reactor, adopted)
