# -*- test-case-name: tests.test_connections -*-
"""
The open connections of a proxy, and what becomes of one.
"""

from __future__ import annotations

from typing import Any

from vaurien_twisted.clocks import inWallTime
from vaurien_twisted.commands import Command, Hold, Wait
from vaurien_twisted.options import Refused
from vaurien_twisted.plan import Plan
from vaurien_twisted.proxy import Proxy
from vaurien_twisted.relays.link import Link
from vaurien_twisted.relays.sight import Sight
from vaurien_twisted.rules import rulesOf

#: How many rules the connections of one proxy can have of their own, together.
OWN_RULES = 10_000


def tellConnection(proxy: Proxy, link: Link) -> dict[str, Any]:
    """
    A connection as JSON.  What it does and waits for is as it is now; the last exchange is
    the last one that was told apart.
    """
    traffic, sight = link.traffic, link.sight
    return {
        "proxy": proxy.name,
        "id": link.connection.number,
        "client": link.connection.client,
        "backend": link.backend,
        "since": round(inWallTime(proxy.reactor, link.since), 3),
        "state": sight.state,
        "exchanges": link.exchanges,
        "received": traffic.fromClient,
        "sent": traffic.toClient,
        "last": sight.recent[-1].description if sight.recent else "",
        "waiting": _waiting(sight),
        "own": rulesOf(sight.decider.plan) if link.hasOwnPlan else [],
    }


def _waiting(sight: Sight) -> dict[str, Any] | None:
    held = sight.held
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
    Close a connection after what was written to it, or reset it.  One that is closing
    already, and perhaps waits for a client that reads nothing, is reset.
    """
    reset = reset or link.sight.state == "closing"
    proxy.note(link.connection, "ended", reason="it was asked for", effect=_how(reset))
    if reset:
        link.reset()
    else:
        link.close()


def _how(reset: bool) -> str:
    return "reset" if reset else "close"


def setOwnPlan(proxy: Proxy, link: Link, plan: Plan) -> None:
    """
    Put a plan in force for one connection alone; one without rules puts it back under the
    proxy's.  The rules count from zero, for this connection's exchanges from now on.

    @raise Refused: the proxy's connections would have more than L{OWN_RULES} rules of their
        own; nothing has changed.
    """
    rules = [rule.describe() for rule in plan.rules]
    others = sum(_ownRules(each) for each in proxy.links if each is not link)
    if others + len(rules) > OWN_RULES:
        raise Refused(
            f"{OWN_RULES} rules are the most that the connections of a proxy can have of their own",
            "rules",
        )
    link.setOwnPlan(plan if rules else None)
    proxy.note(link.connection, "rules", effect="; ".join(rules) or "those of the proxy")


def _ownRules(link: Link) -> int:
    return sum(1 for _ in link.sight.decider.plan.rules) if link.hasOwnPlan else 0
