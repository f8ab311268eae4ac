# -*- test-case-name: tests.test_observed -*-
"""
What can be seen of the proxies of one Vaurien, whichever way it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from vaurien_twisted.counters import Counters, Traffic
from vaurien_twisted.journal import Journal
from vaurien_twisted.options import Refused, nearest
from vaurien_twisted.proxy import Proxy
from vaurien_twisted.relays.link import Link
from vaurien_twisted.rules import rulesOf


@attrs.frozen
class Totals:
    """
    A proxy's sums at one moment, open links and ended ones together.

    @ivar open: how many links there are.
    @ivar accepted: how many there have been.
    @ivar exchanges: of them, those that were told apart or passed over; bytes that go the
        shortest way have none.
    @ivar traffic: the bytes that passed.
    """

    name: str
    open: int
    accepted: int
    exchanges: int
    traffic: Traffic
    counters: Counters

    @property
    def faults(self) -> int:
        """
        How often something was done.
        """
        return sum(self.counters.faults.values())


def totals(proxy: Proxy) -> Totals:
    """
    The sums of C{proxy} now.
    """
    counters = proxy.counters
    exchanges, sums = counters.exchanges, list(counters.traffic)
    for link in proxy.links:
        exchanges += link.exchanges
        for place, count in enumerate(link.traffic):
            sums[place] += count
    return Totals(
        str(proxy.name),
        len(proxy.links),
        proxy.accepted,
        exchanges,
        Traffic(*sums),
        counters,
    )


@attrs.frozen
class Observed:
    """
    The proxies there are, and the journal that all of them tell.

    @ivar proxies: tells which there are now, the first one first.
    @ivar seed: of all their decisions.
    """

    proxies: Callable[[], Iterable[Proxy]]
    journal: Journal
    seed: int = 0

    def named(self, name: str = "") -> Proxy:
        """
        A proxy by its name, the first one for C{""}.

        @raise Refused: there is none.
        """
        known: dict[str, Proxy] = {str(proxy.name): proxy for proxy in self.proxies()}
        if name in known:
            return known[name]
        if not name and known:
            return next(iter(known.values()))
        raise Refused(f"there is no proxy {name!r}: {nearest(name, known)}", "proxy")

    def link(self, proxy: Proxy, number: int) -> Link:
        """
        An open connection by its number.

        @raise Refused: there is none of that number now.
        """
        for link in proxy.links:
            if link.connection.number == number:
                return link
        over = 0 < number <= proxy.accepted
        reason = "is closed" if over else "has not been there"
        raise Refused(f"connection {number} of {proxy.name!r} {reason}", "connection")


def tellProxy(proxy: Proxy) -> dict[str, Any]:
    """
    A proxy's addresses, what is in force on it, and its sums, as JSON.
    """
    sums = totals(proxy)
    traffic = sums.traffic
    return {
        "name": proxy.name,
        "protocol": proxy.wire.name,
        "listen": proxy.listen,
        "upstream": proxy.backend,
        "enabled": proxy.enabled,
        "rules": rulesOf(proxy.plan),
        "toxics": [toxic.tell() for toxic in proxy.toxics],
        "open": sums.open,
        "accepted": sums.accepted,
        "exchanges": sums.exchanges,
        "faults": sums.faults,
        "received": {"upstream": traffic.fromClient, "downstream": traffic.fromBackend},
        "sent": {"upstream": traffic.toBackend, "downstream": traffic.toClient},
        "connectFailures": sums.counters.connectFailures,
        "duration": {
            "sum": sums.counters.duration.total,
            "count": sum(sums.counters.duration.counts),
        },
    }
