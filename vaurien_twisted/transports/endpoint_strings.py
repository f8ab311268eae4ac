# -*- test-case-name: tests.transports.test_endpoint_strings -*-
"""
The endpoint strings that Vaurien parses itself; Twisted and its plugins parse all others.

C{ssl:} and C{tls:} accept the arguments of Twisted's strings with these names, and a few more.
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

#: Returns the TCP endpoint below TLS, for a port, an interface and a backlog.
ServerBelow: TypeAlias = "Callable[[int, str, int], IStreamServerEndpoint]"

#: Returns the TCP endpoint below TLS, for a host, a port, a timeout in seconds and the address to
#: bind to.
ClientBelow: TypeAlias = "Callable[[str, int, float, str | None], IStreamClientEndpoint]"

#: The longest path of a UNIX socket, in bytes (unix(7), on Linux; other systems allow less).
PATH_LIMIT = 107

#: The default mode of a UNIX socket, in octal digits.
UNIX_MODE = "600"

#: The names of the arguments.  Arguments without a name are assigned in this order.
_SERVE = "port privateKey certKey sslmethod interface backlog extraCertChain dhParameters clientCA"
_SERVE_PATH = "address mode backlog lockfile"
_SERVE_MANY = "path port backlog interface"
_SSL = "host port timeout bindAddress certKey privateKey caCertsDir hostname"
_TLS = "host port timeout bindAddress certificate privateKey trustRoots endpoint"


def divided(text: str) -> tuple[str, list[str], dict[str, str]]:
    """
    The parts of an endpoint string: the prefix, the arguments without names, and the arguments
    with names.  A backslash escapes the colon or equals sign after it.
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
            raise Refused(f"{text!r} has its {name} twice", option)
        found[name] = word
    return found


def _number(found: dict[str, str], name: str, default: int, text: str, option: str) -> int:
    word = found.get(name, str(default))
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 10 else -1
    if not 0 <= number <= (65535 if name in ("port", "backlog") else 10**9):
        raise Refused(f"{text!r}: {word!r} is not a valid {name}", option)
    return int(word)


def _mode(word: str, text: str, option: str) -> int:
    if not (0 < len(word) < 6 and set(word) <= set("01234567") and int(word, 8) <= 0o777):
        raise Refused(f"{text!r}: {word!r} is not a mode, 000 to 777", option)
    return int(word, 8)


def checkPath(text: str) -> None:
    """
    Check the path of C{unix:PATH}.

    @raise ValueError: the path has more than L{PATH_LIMIT} bytes.
    """
    _, words, named = divided(text)
    path = named.get("path") or named.get("address") or "".join(words[:1])
    if len(os.fsencode(path)) > PATH_LIMIT:
        raise ValueError(f"the path of the UNIX socket is over {PATH_LIMIT} bytes, the maximum")


def unixServer(reactor: IServerReactor, text: str, option: str) -> IStreamServerEndpoint:
    """
    The endpoint for C{unix:PATH}, with the arguments of Twisted's string.  Without a mode, only
    the user who runs Vaurien can connect.

    @raise Refused: the string is not valid.
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
    The endpoint for C{ssl:PORT:privateKey=FILE:certKey=FILE}.  With C{clientCA=FILE}, clients
    must send a certificate.

    @param tcp: returns the endpoint below, for a port, an interface and a backlog.
    @raise Refused: the string or a file that it names is not valid.
    """
    from vaurien_twisted.transports.certificates import serverOptions
    from vaurien_twisted.transports.tls import TLSServerEndpoint

    found = _bound(text, _SERVE, option)
    if "sslmethod" in found:
        raise Refused("ssl: has no sslmethod here (TLS 1.2 and 1.3 are used): remove it", option)
    if "port" not in found:
        raise Refused(f"{text!r} has no port", option)
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
    The endpoint for C{tls:FOLDER:PORT}.  The folder has a certificate for each host.

    @param tcp: see L{sslServer}.
    @raise Refused: the string or the folder is not valid.
    """
    from vaurien_twisted.transports.tls import TLSServerEndpoint
    from vaurien_twisted.transports.virtual_hosts import folderOptions

    found = _bound(text, _SERVE_MANY, option)
    if not found.get("path"):
        raise Refused(f"{text!r} has no path", option)
    port = _number(found, "port", 443, text, option)
    backlog = _number(found, "backlog", 1024, text, option)
    read = partial(folderOptions, option, found["path"])
    return TLSServerEndpoint(reactor, tcp(port, found.get("interface", "::"), backlog), read)


def sslClient(
    reactor: IServerReactor, text: str, option: str, tcp: ClientBelow
) -> IStreamClientEndpoint:
    """
    The endpoint for C{ssl:HOST:PORT}.  It trusts any server unless C{caCertsDir} or C{hostname}
    is given.

    @param tcp: returns the endpoint below, for a host, a port, a timeout in seconds and the
        address to bind to.
    @raise Refused: the string or a file that it names is not valid.
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
    The endpoint for C{tls:HOST:PORT}.  The server's certificate must be for C{HOST}, and signed
    by an authority that this system trusts or C{trustRoots} names.

    @param tcp: see L{sslClient}.
    @param other: returns the endpoint below for the value of C{endpoint=}, if that is given.
    @raise Refused: the string or a file that it names is not valid.
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
            raise Refused(f"{text!r} has no {name}", option)
    port = _number(found, "port", 0, text, option)
    return found["host"], port, float(_number(found, "timeout", 30, text, option))


def checkNumbers(text: str, client: bool = False) -> None:
    """
    Check the numbers of C{tcp:} and of other strings that Twisted or a plugin parses: they do not
    check all bounds, and a system call would fail.

    @param client: whether C{text} is an address to connect to: its host then comes first.
    @raise ValueError: a port, backlog or timeout is out of bounds.
    """
    _, words, named = divided(text)
    ports = words[1:2] if client and "host" not in named else words[:1]
    found = {"port": ports[0]} if ports else {}
    for name, word in {**found, **named}.items():
        if name not in ("port", "backlog", "timeout"):
            continue
        if len(word) > 20 or not 0 <= float(word) <= (10**9 if name == "timeout" else 65535):
            raise ValueError(f"{word[:20]} is not a valid {name}")


def checkTCPName(text: str) -> None:
    """
    Check the host of C{tcp:HOST:PORT}, which Twisted parses.

    @raise ValueError: the host is not a name that can be looked up.
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
    The endpoint for C{haproxy:} before another endpoint: connections begin with a header of the
    PROXY protocol.
    """
    from vaurien_twisted.transports.proxy_protocol_server import ProxyProtocolServerEndpoint

    return ProxyProtocolServerEndpoint(clock, endpoint)


def proxyProtocolClient(
    text: str, option: str
) -> tuple[Callable[[IStreamClientEndpoint], IStreamClientEndpoint], str]:
    """
    Parse C{proxied:VERSION:} before an address.

    @return: a function that wraps an endpoint so that it sends a header of the PROXY protocol
        first, and the address.
    @raise Refused: the version is neither C{v1} nor C{v2}.
    """
    _, _, rest = text.partition(":")
    version, _, address = rest.partition(":")
    if version not in VERSIONS:
        raise Refused(
            f"{text!r}: {version!r} is not a version: write proxied:v1: or proxied:v2:", option
        )
    return lambda endpoint: ProxyProtocolClientEndpoint(endpoint, version), address


def systemdServer(reactor: IServerReactor, text: str, option: str) -> IStreamServerEndpoint:
    """
    The endpoint for C{systemd:domain=INET:index=0}, or with C{name=} in place of C{index=}.

    @raise Refused: the string is not valid, or systemd has not passed such a socket.
    """
    from twisted.internet.endpoints import serverFromString

    from vaurien_twisted.transports.systemd import InheritedServerEndpoint

    try:
        adopted = serverFromString(reactor, text)
    except (IndexError, KeyError):
        raise Refused(f"{text!r}: systemd has passed no such socket", option) from None
    except (AttributeError, TypeError, ValueError) as error:
        raise Refused(f"{text!r} is not an address: {error}", option) from None
    return InheritedServerEndpoint(reactor, adopted)
