# -*- test-case-name: tests.relays.test_circles -*-
"""
Proxies that connect to themselves, or to each other in a circle.

The first client of such a proxy would make it connect to itself again and again, until no file
descriptor is left.  Circles that the addresses show are refused (L{checkCircle}).  Others, such as
those by a host name, are detected when a connection is made (L{Circles}).  Circles through other
processes are not detected: their connections look like those of any client.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from weakref import WeakValueDictionary

from twisted.internet.interfaces import ITransport

from vaurien_twisted.model.options import Refused
from vaurien_twisted.transports.same_address import Place, leadsTo, placeOf, reached, served

#: The most addresses with the port of a proxy whose result is kept.
MOST = 1024

#: By the id of the reactor, which stays unique while its proxies refer to it.
_known: WeakValueDictionary[int, Circles] = WeakValueDictionary()


def circlesFor(reactor: object) -> Circles:
    """
    The L{Circles} of C{reactor}; each reactor has one.
    """
    circles = _known.get(id(reactor))
    if circles is None:
        circles = _known[id(reactor)] = Circles()
    return circles


def checkCircle(
    name: str, listen: str, backend: str, others: Iterable[tuple[str, str, str]]
) -> None:
    """
    Check that the backend of a proxy does not lead back to the proxy.

    @param name: the name of the proxy.
    @param listen: the address that it listens on.
    @param backend: the address of its backend.
    @param others: the names, listening addresses and backends of the other proxies.
    @raise Refused: the proxy would connect to itself, directly or through other proxies.
    """
    here, target = served(listen), reached(backend)
    if here is None or target is None:
        return
    if leadsTo(target, here):
        raise Refused(
            f"{backend} is where the proxy {name!r} itself listens ({listen}): "
            "name another backend",
            "backend",
        )
    rest = [(other, served(at), reached(to)) for other, at, to in others if other != name]
    way, seen = [name], {name}
    pending = [(target, way)]
    while pending:
        target, way = pending.pop()
        for other, at, to in rest:
            if at is None or to is None or other in seen or not leadsTo(target, at):
                continue
            seen.add(other)
            if leadsTo(to, here):
                circle = " to ".join(repr(each) for each in [*way, other, name])
                raise Refused(
                    f"the proxies would connect in a circle, {circle}: name another backend",
                    "backend",
                )
            pending.append((to, [*way, other]))


class Circles:
    """
    Knows the addresses of the proxies on one reactor, and which of them connect to which.  Any
    hashable object can stand for a proxy.
    """

    def __init__(self) -> None:
        self._servers: dict[Hashable, Place] = {}
        self._ports: set[int] = set()
        self._paths = False
        self._next: dict[Hashable, Hashable] = {}
        self._seen: dict[Place, Hashable | None] = {}

    def listens(self, proxy: Hashable, address: object) -> None:
        """
        A proxy listens on C{address} now; C{None}: it does not listen.
        """
        self._servers.pop(proxy, None)
        self._seen.clear()
        self._next = {one: other for one, other in self._next.items() if other is not proxy}
        place = placeOf(address)
        if place is not None:
            self._servers[proxy] = place
        self._ports = {each.port for each in self._servers.values() if each.port}
        self._paths = any(each.path for each in self._servers.values())

    def forget(self, proxy: Hashable) -> None:
        """
        A proxy has another backend now.
        """
        self._next.pop(proxy, None)

    def closes(self, proxy: Hashable, transport: ITransport) -> bool:
        """
        Whether a connection of C{proxy} to its backend leads back to the proxy.  For most
        connections, the port shows that it does not.

        @param transport: the transport of the connection.
        """
        if not self._ports and not self._paths:
            return False
        peer = transport.getPeer()
        if not self.mayClose(peer):
            return False
        target = placeOf(peer)
        if target is None:
            return False
        server = self._at(target)
        if server is None:
            return False
        self._next[proxy] = server
        return self._isCircle(proxy)

    def mayClose(self, address: object) -> bool:
        """
        Whether a connection to C{address} may lead back to a proxy, by its port.
        """
        port = getattr(address, "port", None)
        return self._paths if port is None else port in self._ports

    def _at(self, target: Place) -> Hashable | None:
        """
        The proxy that listens on C{target}, C{None} if none does.
        """
        if target in self._seen:
            return self._seen[target]
        at = next((one for one, place in self._servers.items() if leadsTo(target, place)), None)
        # The target of a path can change.
        if not target.path and len(self._seen) < MOST:
            self._seen[target] = at
        return at

    def _isCircle(self, proxy: Hashable) -> bool:
        at: Hashable | None = self._next.get(proxy)
        seen: set[Hashable] = set()
        while at is not None and at not in seen:
            if at is proxy:
                return True
            seen.add(at)
            at = self._next.get(at)
        return False
