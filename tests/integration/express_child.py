"""
Express in a process of its own, for what would be too much for the process of the tests.

    python -m tests.integration.express_child many 5000

Prints one line of JSON.
"""

from __future__ import annotations

import gc
import json
import resource
import socket
import sys
from typing import Any

from twisted.internet import epollreactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater

#: What the process needs beside its connections.
OTHER_FILES = 100


class Echo(Protocol):
    """
    Says what it hears.
    """

    def connectionMade(self) -> None:
        """
        One more.
        """
        self.factory.open.add(self)

    def dataReceived(self, data: bytes) -> None:
        """
        Say it.
        """
        self.transport.write(data)

    def connectionLost(self, reason: Any = None) -> None:
        """
        One less.
        """
        self.factory.open.discard(self)


class Echoes(Factory):
    """
    Builds them.
    """

    noisy = False
    protocol = Echo

    def __init__(self) -> None:
        self.open: set[Echo] = set()


class Caller(Protocol):
    """
    Says one word, hears it.
    """

    def __init__(self) -> None:
        self.heard: Deferred[bytes] = Deferred()
        self.lost: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        """
        It was heard.
        """
        self.heard.callback(data)
        self.heard = Deferred()

    def connectionLost(self, reason: Any = None) -> None:
        """
        The end.
        """
        self.lost.callback(None)


def quiet() -> Factory:
    """
    A factory of callers.
    """
    factory = Factory.forProtocol(Caller)
    factory.noisy = False
    return factory


def memory() -> int:
    """
    What the process holds, in bytes.
    """
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


async def many(reactor: Any, server: Any, client: Any, echoes: Echoes, count: int) -> Any:
    """
    So many connections at once, each heard twice.
    """
    callers = [await client.connect(quiet()) for _ in range(count)]
    while len(echoes.open) < count:
        await deferLater(reactor, 0.01)
    for _ in range(2):
        heard = gatherResults([caller.heard for caller in callers])
        for number, caller in enumerate(callers):
            caller.transport.write(b"%d" % number)
        words = await heard
        assert words == [b"%d" % number for number in range(count)]
    held = memory()
    lost = gatherResults([caller.lost for caller in callers])
    for caller in callers:
        caller.transport.loseConnection()
    await lost
    while echoes.open:
        await deferLater(reactor, 0.01)
    return {"heard": 2 * count, "perConnection": held // (2 * count)}


async def short(reactor: Any, server: Any, client: Any, echoes: Echoes, count: int) -> Any:
    """
    So many connections one after the other; what is left of them.
    """
    sizes = []
    for number in range(count):
        if number == count // 4:
            gc.collect()
            sizes.append((memory(), len(gc.get_objects())))
        caller = await client.connect(quiet())
        heard, lost = caller.heard, caller.lost
        caller.transport.write(b"x")
        await heard
        caller.transport.loseConnection()
        await lost
    while echoes.open:
        await deferLater(reactor, 0.01)
    gc.collect()
    sizes.append((memory(), len(gc.get_objects())))
    return {"grown": sizes[-1][0] - sizes[0][0], "objects": sizes[-1][1] - sizes[0][1]}


async def full(reactor: Any, server: Any, client: Any, echoes: Echoes, count: int) -> Any:
    """
    Clients when no file descriptors are left: they are closed; once there are some again
    they are served.
    """
    address = server.getHost()
    early = [socket.socket() for _ in range(count)]
    kept = []
    while True:
        try:
            kept.append(socket.socket())
        except OSError:
            break
    for peer in early:
        peer.setblocking(False)
        peer.connect_ex((address.host, address.port))
    turned = 0
    for peer in early:
        while True:
            try:
                turned += peer.recv(1) == b""
                break
            except BlockingIOError:
                await deferLater(reactor, 0.01)
            except OSError:
                turned += 1
                break
    for peer in early + kept:
        peer.close()
    caller = await client.connect(quiet())
    heard = caller.heard
    caller.transport.write(b"again")
    served = (await heard).decode()
    caller.transport.loseConnection()
    await caller.lost
    return {"turned": turned, "served": served}


def main(name: str, count: int, files: int) -> None:
    """
    Run one of them.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))
    epollreactor.install()
    from twisted.internet import reactor

    from vaurien_twisted.express.endpoints import ExpressClientEndpoint, ExpressServerEndpoint

    async def run() -> None:
        echoes = Echoes()
        server = await ExpressServerEndpoint(reactor, 0, "127.0.0.1").listen(echoes)
        client = ExpressClientEndpoint(reactor, "127.0.0.1", server.getHost().port)
        act = {"many": many, "short": short, "full": full}[name]
        print(json.dumps(await act(reactor, server, client, echoes, count)))
        await server.stopListening()

    def fail(failure: Any) -> None:
        failure.printTraceback()

    def begin() -> None:
        Deferred.fromCoroutine(run()).addErrback(fail).addBoth(lambda result: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
