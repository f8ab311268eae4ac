"""
Random requests, and checks of their answers.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from tests.control.support import REGISTRY
from vaurien_twisted.control.site import controlRoot, controlSite
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.declaration import ProxyDefaults, declaredFromJSON
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.codec import rulesOf

#: Parts of paths, of all APIs and of none.
SEGMENTS = (
    *("behavior", "behaviors", "backend", "rules", "proxies", "populate", "reset", "version"),
    *("journal", "state", "connections", "events", "explain", "metrics", "protocols", "page"),
    *("toxics", "one", "two", "t1", "mysql", "index.html", "app.js", "style.css"),
    *("", ".", "..", "%2F", "%2e%2e", "%00", "%FF", "%C3%A9", "%", "%zz", "*", "+", ";a=b"),
    *("0", "1", "-1", "9" * 30, "9" * 5000, "1e3", "%D9%A3", "%C2%B2", "a" * 3000, "Proxies"),
)

METHODS = (
    *("GET", "GET", "GET", "PUT", "POST", "POST", "PATCH", "DELETE"),
    *("HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "BREW", "M" * 300),
)

#: What is in a query, by name.
QUERIES = ("proxy", "limit", "since", "connection", "exchange", "reset", "verbose", "x", "", "%FF")

WORDS = (
    *("", "one", "two", "dummy", "delay", "error", "hang", "bandwidth", "20:error,10:delay"),
    *("200:delay", "latency", "timeout", "upstream", "downstream", "tcp", "http", "redis", "mysql"),
    *("localhost:0", "localhost:1", "127.0.0.1:99999", "[::1]:0", "[::1%eth0]:0", ":0", "nowhere"),
    *("tcp:0", "tcp:99999", "tcp:x", "tcp:localhost:1", "tcp:0:backlog=99999999999999999999"),
    *("ssl:0:privateKey=/dev/zero", "tls:localhost:1:trustRoots=/dev/null", "stdio:", "unix:"),
    *("haproxy:tcp:0", "haproxy:haproxy:tcp:0", "proxied:v1:localhost:1", "proxied:v3:x", "ssl:"),
    *("tcp:0:interface=\N{SNOWMAN}", "tcp:\\", "tcp:a=b=c", "ünï.example:80", "a..b:80", "%:80"),
    *(
        "/",
        "a/b",
        ".",
        "..",
        "\0",
        "\x1b[2J",
        "\n",
        "\ud800",
        "\N{SNOWMAN}",
        "\U0001f600",
        "é" * 300,
    ),
    *(
        "a" * 300,
        "a" * 70_000,
        "NaN",
        "1e999",
        "-1",
        "true",
        "null",
        "{}",
        "*",
        "[",
        "(a+)+$",
        "\\",
    ),
)

NUMBERS = (0, 1, -1, 0.5, 100, 101, 1e308, -0.0, 2**31, 2**63, 2**64, 10**299, 1e-320)

#: Members of objects that some route reads.
MEMBERS = (
    *("name", "Name", "NAME", "options", "sleep", "before", "code", "message", "backend", "rules"),
    *("behavior", "percent", "times", "after", "when", "draw", "for", "begin", "direction"),
    *("scope", "listen", "Listen", "upstream", "enabled", "protocol", "toxics", "connect_first"),
    *("type", "stream", "toxicity", "attributes", "latency", "jitter", "rate", "bytes"),
    *("client", "command", "sql", "path", "header", "", "x" * 300, "\N{SNOWMAN}", "\0"),
)

#: JSON that Python could not write.
ODD = (
    *(b"", b" ", b"{", b"[", b"null", b"NaN", b"[Infinity]", b'{"sleep": 1e999, "name": "delay"}'),
    *(b'{"name":"delay","sleep":NaN}', b'{"name": "delay", "name": "dummy"}', b"\xff\xfe{}"),
    *(b'{"name":"x","Name":"y","upstream":"localhost:1"}', b'{"name":"\\ud800"}', b"[" * 5000),
    *(b"[" * 500 + b"]" * 500, b'{"a":' * 500 + b"1" + b"}" * 500, b'"\\u0000"', b"9" * 5000),
    *(b'[{"name":"x","upstream":"a:1"},{"name":"x","upstream":"a:1"}]', b"\xef\xbb\xbf{}"),
    *(b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--\r\n", b"a=b&c=d", b"[]x"),
)

HEADERS = (
    b"Content-Type: application/json",
    b"Content-Type: multipart/form-data; boundary=x",
    b"Content-Type: application/x-www-form-urlencoded",
    b"Content-Type: \xff",
    b"Content-Type:",
    b"Last-Event-ID: \xff",
    b"Last-Event-ID: " + b"9" * 19,
    b"Last-Event-ID: \xc2\xb2",
    b"Origin: http://localhost",
    b"Origin: http://evil.example",
    b"Origin: \xff",
    b"Authorization: Basic \xff",
    b"Authorization: Bearer",
    b"Cookie: =;;\xff=",
    b"Expect: 100-continue",
    b"Expect: \xff",
    b"If-None-Match: \xff",
    b"If-Modified-Since: \xff",
    b"Range: bytes=-1-",
    b"Accept: \xff",
    b"Accept-Encoding: gzip;q=\xff",
    b"Connection: close",
    b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x",
    b"X-Vaurien-Token: \xff",
    b"X: " + b"a" * 8000,
    b"Sec-Fetch-Site: \xff",
)

HOSTS = (
    b"",
    b"Host: localhost\r\nHost: localhost",
    b"Host:",
    b"Host: \xff",
    b"Host: [::1",
    b"Host: 127.0.0.1:99999999999",
    b"Host: localhost:" + b"9" * 5000,
    b"Host: a b",
)

TARGETS = (
    b"*",
    b"http://localhost/version",
    b"http://evil/%00",
    b"//",
    b"//version",
    b"localhost:80",
)

rarely = st.sampled_from((False,) * 9 + (True,))
words = st.sampled_from(WORDS) | st.text(max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.sampled_from(NUMBERS) | words,
    lambda own: (
        st.lists(own, max_size=3)
        | st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=4), own, max_size=4)
    ),
    max_leaves=10,
)


def _object(**members: Any) -> Any:
    """
    Objects of which each member is likely what it should be.
    """
    return st.fixed_dictionaries({}, optional={name: own | values for name, own in members.items()})


plain = st.sampled_from(("dummy", "delay", "error", "hang", "latency", "bandwidth", "20:error"))
rules = st.lists(
    _object(
        behavior=plain,
        options=_object(sleep=st.just(1), code=words, message=words, rate=st.just(1)),
        percent=st.just(50),
        times=st.just(1),
        when=_object(client=words, command=words, sql=words, path=words),
        draw=st.just([{"behavior": "delay", "percent": 10}]),
    ),
    max_size=3,
)
toxic = _object(
    name=words,
    type=plain,
    stream=words,
    toxicity=st.just(0.5),
    attributes=_object(latency=st.just(1)),
)
places = st.sampled_from(("localhost:0", "localhost:1", "127.0.0.1:7")) | words
proxy = _object(
    name=st.sampled_from(("one", "two", "three")) | words,
    upstream=places,
    listen=places,
    enabled=st.booleans(),
    protocol=st.sampled_from(("tcp", "http", "mysql")) | words,
    rules=rules,
    toxics=st.lists(toxic, max_size=2),
)
behavior = _object(name=plain, sleep=st.just(1), options=_object(sleep=st.just(1)))
bodies = (
    st.one_of(
        values,
        proxy,
        st.lists(proxy, max_size=3),
        toxic,
        rules,
        _object(rules=rules),
        _object(backend=places),
        behavior,
    ).map(lambda value: json.dumps(value).encode())
    | st.sampled_from(ODD)
    | st.binary(max_size=20)
)


#: What there is, with the methods that are for it, and the bodies.
ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("PUT", "/behavior", behavior),
    ("PUT", "/proxies/one/behavior", behavior),
    ("PUT", "/rules", rules | _object(rules=rules)),
    ("PUT", "/proxies/two/rules", rules | _object(rules=rules)),
    ("PUT", "/backend", _object(backend=places)),
    ("PUT", "/proxies/one/backend", _object(backend=places)),
    ("POST", "/proxies", proxy),
    ("POST", "/populate", st.lists(proxy, max_size=3)),
    ("POST", "/proxies/one", proxy),
    ("PATCH", "/proxies/two", proxy),
    ("POST", "/proxies/one/toxics", toxic),
    ("POST", "/proxies/one/toxics/t1", toxic),
    ("PATCH", "/proxies/one/toxics/t1", toxic),
    ("DELETE", "/proxies/one/toxics/t1", st.none()),
    ("DELETE", "/proxies/two", st.none()),
    ("POST", "/reset", st.none()),
    ("POST", "/connections/1", _object(rules=rules)),
    *(
        ("GET", path, st.none())
        for path in (
            *("/", "/behavior", "/behaviors", "/rules", "/backend", "/proxies", "/proxies/one"),
            *("/proxies/one/toxics", "/proxies/one/toxics/t1", "/version", "/journal", "/state"),
            *("/connections", "/connections/1", "/explain", "/events", "/metrics", "/protocols"),
            *("/protocols/mysql", "/page/app.js", "/proxies/one/rules"),
        )
    ),
)


@st.composite
def transientErrors(draw: Any) -> tuple[bytes, bytes, bytes]:
    """
    The method, path and body of a request that a route is there for, but for a detail.
    """
    method, path, own = draw(st.sampled_from(ROUTES))
    body = draw(own.map(lambda value: b"" if value is None else json.dumps(value).encode()))
    match draw(st.sampled_from((9, 8, 7, 6, 5, 4, 3, 2, 1, 0))):
        case 0:
            body = draw(bodies)
        case 1:
            method = draw(st.sampled_from(METHODS))
        case 2:
            parts = path.split("/")
            parts[draw(st.integers(1, len(parts) - 1))] = draw(st.sampled_from(SEGMENTS))
            path = "/".join(parts)
    return method.encode(), path.encode(), body


@st.composite
def astray(draw: Any) -> tuple[bytes, bytes, bytes]:
    """
    Random methods, most of which no route supports.
    """
    path = "/" + "/".join(draw(st.lists(st.sampled_from(SEGMENTS), max_size=5)))
    return draw(st.sampled_from(METHODS)).encode(), path.encode(), draw(bodies)


@st.composite
def requests(draw: Any) -> bytes:
    """
    The bytes of one request.
    """
    method, path, body = draw(transientErrors() | transientErrors() | transientErrors() | astray())
    query = draw(
        st.lists(
            st.tuples(st.sampled_from(QUERIES), st.sampled_from(SEGMENTS)).map("=".join), max_size=2
        )
    )
    target = path + ("?" + "&".join(query) if query else "").encode()
    if draw(rarely):
        target = draw(st.sampled_from(TARGETS))
    version = draw(st.sampled_from((b"HTTP/1.1",) * 9 + (b"HTTP/1.0",)))
    host = draw(st.sampled_from(HOSTS)) if draw(rarely) else b"Host: localhost"
    lines = [b" ".join((method, target, version)), host]
    if draw(rarely):
        lines += draw(st.lists(st.sampled_from(HEADERS), max_size=2))
    if body and draw(rarely):
        lines.append(b"Transfer-Encoding: chunked")
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    elif body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(line for line in lines if line) + b"\r\n\r\n" + body


class Served:
    """
    A control site in memory, with two proxies, that is sent bytes.
    """

    def __init__(self) -> None:
        self.clock = MemoryReactorClock()
        defaults = ProxyDefaults(REGISTRY)
        self.proxies = ProxyCollection(self.clock, defaults, Journal(self.clock.seconds), 7)
        for name in ("one", "two"):
            declared = {
                "name": name,
                "upstream": "localhost:1",
                "listen": "localhost:0",
                "toxics": [{"name": "t1", "type": "latency"}],
            }
            self.proxies.add(self.proxies.make(declaredFromJSON(defaults, declared)))
        self.site = controlSite(self.clock, controlRoot(self.proxies))
        self.site.doStart()

    def state(self) -> Any:
        """
        All that a request could change.
        """
        return [
            (str(p.name), p.listen, p.backend, p.enabled, rulesOf(p.plan), p.toxics.toJSON())
            for p in self.proxies.proxies
        ]

    def ask(self, data: bytes) -> bytes:
        """
        The whole answer on a new connection.
        """
        address = IPv4Address("TCP", "127.0.0.1", 1)
        transport: Any = StringTransport(address, address)
        transport.abortConnection = transport.loseConnection
        protocol: Any = self.site.buildProtocol(address)
        protocol.makeConnection(transport)
        protocol.dataReceived(data)
        self.clock.advance(0.1)
        found: bytes = transport.value()
        protocol.connectionLost(Failure(ConnectionDone()))
        return found

    def stop(self) -> None:
        """
        Remove everything that was created.
        """
        self.site.doStop()
