# -*- test-case-name: tests.metrics.test_observe -*-
"""
The state of the proxies as JSON, for the control service and for metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from vaurien_twisted import __version__
from vaurien_twisted.interfaces import IErrorReplies
from vaurien_twisted.model.commands import Command, Hold, Wait
from vaurien_twisted.model.options import Refused, nearest
from vaurien_twisted.proxies.normal import describeOwnRules
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.clocks import inWallTime
from vaurien_twisted.record.counters import Counters, Traffic
from vaurien_twisted.record.histogram import FINE, PERCENTILES, Histogram
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.relays.link import Link
from vaurien_twisted.relays.snapshot import LinkSnapshot
from vaurien_twisted.rules.codec import rulesOf
from vaurien_twisted.rules.plan import Plan


@attrs.frozen
class Totals:
    """
    The counts of a proxy at one moment, of open and ended links together.

    @ivar open: the number of open links.
    @ivar accepted: the number of links so far.
    @ivar exchanges: the number of exchanges, those of the fast path included; 0 for bytes that
        are not divided into exchanges.
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
        How often a fault was injected.
        """
        return sum(self.counters.faults.values())


def totals(proxy: Proxy) -> Totals:
    """
    The counts of C{proxy} now.
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
        proxy.relays.accepted,
        exchanges,
        Traffic(*sums),
        counters,
    )


@attrs.frozen
class Observed:
    """
    The proxies, and their journal.

    @ivar proxies: gives the current proxies, the first one first.
    @ivar seed: the seed of all decisions.
    """

    proxies: Callable[[], Iterable[Proxy]]
    journal: Journal
    seed: int = 0

    def named(self, name: str = "") -> Proxy:
        """
        A proxy by its name, the first one for C{""}.

        @raise Refused: there is no such proxy.
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

        @raise Refused: there is no such open connection.
        """
        for link in proxy.links:
            if link.connection.number == number:
                return link
        over = 0 < number <= proxy.relays.accepted
        reason = "is closed" if over else "has not been opened yet"
        raise Refused(f"connection {number} of {proxy.name!r} {reason}", "connection")


def describeProxy(proxy: Proxy) -> dict[str, object]:
    """
    A proxy's addresses, counts and all that is in force on it, as JSON: its rules, its toxics
    and the rules of single connections (see L{describeOwnRules}).
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
        "toxics": [toxic.toJSON() for toxic in proxy.toxics],
        "own": describeOwnRules(proxy),
        "open": sums.open,
        "accepted": sums.accepted,
        "exchanges": sums.exchanges,
        "faults": sums.faults,
        "received": {"upstream": traffic.fromClient, "downstream": traffic.fromBackend},
        "sent": {"upstream": traffic.toBackend, "downstream": traffic.toClient},
        "connectFailures": sums.counters.connectFailures,
        "opaque": {
            "open": len(sums.counters.opaqueNow),
            "total": sums.counters.becameOpaque,
        },
        "errors": describeErrors(proxy),
        "duration": describeHistogram(sums.counters.duration),
    }


def describeState(observed: Observed) -> dict[str, object]:
    """
    All proxies as JSON, as L{describeProxy} describes them; with the version, the seed, and the id
    of the journal's last entry.
    """
    return {
        "version": __version__,
        "seed": observed.seed,
        "proxies": [describeProxy(proxy) for proxy in observed.proxies()],
        "journal": {"last": observed.journal.last},
    }


def describeErrors(proxy: Proxy) -> list[dict[str, object]] | None:
    """
    The failed exchanges of a proxy by command and code, as JSON; C{None} if they are not counted,
    as for a protocol without errors.
    """
    if not IErrorReplies.providedBy(proxy.wire):
        return None
    return [
        {"command": command, "code": code, "count": count}
        for (command, code), count in sorted(proxy.counters.errors.items())
    ]


def describeHistogram(histogram: Histogram) -> dict[str, object]:
    """
    A histogram as JSON: the C{sum} in seconds, the C{count}, percentiles in seconds (C{None}
    where nothing was recorded), and the C{buckets} that are not empty, each as its upper bound
    in seconds, C{None} for the last one, and its count.  The difference of two such lists gives
    the percentiles of the time between them; those of several processes can be added up.
    """
    found = histogram.percentiles()
    bounds = [*FINE, None]
    return {
        "sum": histogram.total,
        "count": histogram.count,
        **{f"p{percent}": _short(s) for percent, s in zip(PERCENTILES, found, strict=True)},
        "buckets": [[_short(bounds[n]), count] for n, count in sorted(histogram.fine.items())],
    }


def _short(seconds: float | None) -> float | None:
    return None if seconds is None else float(f"{seconds:.4g}")


#: The most rules that the connections of one proxy can have of their own, together.
OWN_RULES = 10_000


def describeConnection(proxy: Proxy, link: Link) -> dict[str, object]:
    """
    The current state of a connection as JSON.
    """
    traffic, snapshot = link.traffic, link.snapshot
    return {
        "proxy": proxy.name,
        "id": link.connection.number,
        "client": link.connection.client,
        "backend": link.backend,
        "since": round(inWallTime(proxy.reactor, link.since), 3),
        "state": snapshot.state,
        "exchanges": link.exchanges,
        "received": traffic.fromClient,
        "sent": traffic.toClient,
        "last": snapshot.last,
        "waiting": _waiting(snapshot),
        "own": rulesOf(snapshot.decider.plan) if link.hasOwnPlan else [],
    }


def _waiting(snapshot: LinkSnapshot) -> dict[str, object] | None:
    held = snapshot.held
    if held is None:
        return None
    exchange, step = held
    return {
        "command": _words(step.command),
        "rule": "" if step.rule is None else step.rule.describe(),
        "exchange": None if exchange is None else exchange.number,
    }


def _words(command: Command) -> str:
    if isinstance(command, Wait):
        return f"Wait {command.seconds:g} s"
    return "Hold" if isinstance(command, Hold) else type(command).__name__


def end(proxy: Proxy, link: Link, reset: bool = False) -> None:
    """
    Close a connection after the data that was written to it, or reset it.  A connection that is
    closing already, perhaps because its client reads nothing, is reset.
    """
    reset = reset or link.snapshot.state == "closing"
    note = proxy.relays.context.note
    note(link.connection, "ended", reason="it was asked for", effect=_how(reset))
    if reset:
        link.reset()
    else:
        link.close()


def _how(reset: bool) -> str:
    return "reset" if reset else "close"


def setOwnPlan(proxy: Proxy, link: Link, plan: Plan) -> None:
    """
    Set the rules of one connection; a plan without rules puts the proxy's back in force.  The
    rules count from zero, from this connection's next exchange on.

    @raise Refused: the proxy's connections would have more than L{OWN_RULES} rules of their
        own; nothing has changed.
    """
    rules = [rule.describe() for rule in plan.rules]
    others = sum(_ownRules(each) for each in proxy.links if each is not link)
    if others + len(rules) > OWN_RULES:
        raise Refused(
            f"{others + len(rules)} rules of single connections are too many: {OWN_RULES} at most",
            "rules",
        )
    link.setOwnPlan(plan if rules else None)
    effect = "; ".join(rules) or "those of the proxy"
    proxy.relays.context.note(link.connection, "rules", effect=effect)


def _ownRules(link: Link) -> int:
    return sum(1 for _ in link.snapshot.decider.plan.rules) if link.hasOwnPlan else 0
