# -*- test-case-name: tests.relays.test_circles -*-
"""
Proxies that connect to themselves, or to each other in a circle.

The first client of such a proxy would make it connect to itself without end, until no file
descriptor is left.  What the addresses tell is refused (L{checkCircle}).  What they do not, as
a name that leads back here, is found when a connection is made (L{Circles}).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from weakref import WeakValueDictionary

from twisted.internet.interfaces import ITransport

from vaurien_twisted.model.options import Refused
from vaurien_twisted.transports.same_address import Place, leadsTo, placeOf, reached, served

#: How many addresses are remembered that have the port of a proxy.
MOST = 1024

#: By the reactor's id, which is not used again while its proxies keep it.
_known: WeakValueDictionary[int, Circles] = WeakValueDictionary()


def circlesFor(reactor: object) -> Circles:
    """
    The one L{Circles} of C{reactor}.
    """
    circles = _known.get(id(reactor))
    if circles is None:
        circles = _known[id(reactor)] = Circles()
    return circles


def checkCircle(
    name: str, listen: str, backend: str, others: Iterable[tuple[str, str, str]]
) -> None:
    """
    Check the addresses of a proxy.

    @param others: the names, listening addresses and backends of the other proxies.
    @raise Refused: its clients would be led back to it.
    """
    here, target = served(listen), reached(backend)
    if here is None or target is None:
        return
    if leadsTo(target, here):
        raise Refused(
            f"{backend} is where the proxy {name!r} itself listens ({listen}): "
            "it would connect to itself without end",
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
                raise Refused(f"the proxies would connect in a circle, {circle}", "backend")
            pending.append((to, [*way, other]))


class Circles:
    """
    Knows where the proxies on one reactor listen, and which of them connect to which.  Proxies
    are anything that can be told apart.
    """

    def __init__(self) -> None:
        self._servers: dict[Hashable, Place] = {}
        self._ports: set[int] = set()
        self._paths = False
        self._next: dict[Hashable, Hashable] = {}
        self._seen: dict[Place, Hashable | None] = {}

    def listens(self, proxy: Hashable, address: object) -> None:
        """
        A proxy listens at C{address} now; C{None}: it does not.
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
        Whether a connection of C{proxy} to its backend leads back to it.  For almost all
        connections the port alone says that it does not.

        @param transport: the connection's.
        """
        if not self._ports and not self._paths:
            return False
        peer = transport.getPeer()
        port = getattr(peer, "port", None)
        if port not in self._ports and (port is not None or not self._paths):
            return False
        target = placeOf(peer)
        if target is None:
            return False
        server = self._at(target)
        if server is None:
            return False
        self._next[proxy] = server
        return self._isCircle(proxy)

    def _at(self, target: Place) -> Hashable | None:
        """
        The proxy that is at C{target}.
        """
        if target in self._seen:
            return self._seen[target]
        at = next((one for one, place in self._servers.items() if leadsTo(target, place)), None)
        # What a path leads to may change.
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
