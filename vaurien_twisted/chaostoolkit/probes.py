# -*- test-case-name: tests.chaostoolkit.test_activities -*-
"""
Probes for Chaos Toolkit: the state and the counts of proxies.  They take C{url} and find the token
as actions do (L{vaurien_twisted.chaostoolkit.actions}).
"""

from vaurien_twisted.chaostoolkit.actions import Options
from vaurien_twisted.chaostoolkit.sessions import SESSIONS
from vaurien_twisted.client.blocking import ClientError
from vaurien_twisted.model.json_types import Answer

__all__ = [
    "duration",
    "exchanges",
    "fault_struck",
    "healthy",
    "open_connections",
    "proxy_enabled",
    "rules",
]


def healthy(url: str = "", configuration: Options = None, secrets: Options = None) -> bool:
    """
    Whether the control service answers.
    """
    try:
        SESSIONS.of(configuration, secrets, url).client.request("GET", "/health")
    except ClientError:
        return False
    return True


def proxy_enabled(
    proxy: str, url: str = "", configuration: Options = None, secrets: Options = None
) -> bool:
    """
    Whether a proxy listens.
    """
    return bool(SESSIONS.of(configuration, secrets, url).proxy(proxy).info()["enabled"])


def open_connections(
    proxy: str, url: str = "", configuration: Options = None, secrets: Options = None
) -> int:
    """
    The number of open connections of a proxy.
    """
    return SESSIONS.of(configuration, secrets, url).figures(proxy, 0).connections


def exchanges(
    proxy: str,
    during: float = 0,
    url: str = "",
    configuration: Options = None,
    secrets: Options = None,
) -> int:
    """
    The number of exchanges of a proxy that have ended.

    @param during: count those of the next so many seconds; 0: those since the experiment began.
    """
    return SESSIONS.of(configuration, secrets, url).figures(proxy, during).exchanges


def duration(
    proxy: str,
    quantile: float = 0.99,
    during: float = 0,
    url: str = "",
    configuration: Options = None,
    secrets: Options = None,
) -> float:
    """
    The quantile of the durations of a proxy's exchanges, in seconds.  It fails if no exchange has
    ended.

    @param quantile: the share of the exchanges that took at most this time, such as 0.99.
    @param during: measure those of the next so many seconds; 0: those since the experiment began.
    """
    if not 0 < quantile <= 1:
        raise ValueError(f"quantile must be above 0 and at most 1, not {quantile}")
    figures = SESSIONS.of(configuration, secrets, url).figures(proxy, during)
    found = figures.quantile(quantile)
    if found is None:
        raise ClientError(
            f"{proxy!r} has relayed no exchange: check that the application connects through it"
        )
    return found


def fault_struck(
    proxy: str,
    name: str,
    url: str = "",
    configuration: Options = None,
    secrets: Options = None,
) -> int:
    """
    The number of exchanges that a fault in force has affected.
    """
    found = SESSIONS.of(configuration, secrets, url).proxy(proxy)
    counts = {count.get("name"): count for count in found.counts()}
    if name not in counts:
        known = ", ".join(str(each) for each in counts if each) or "none"
        raise ClientError(f"{proxy!r} has no fault {name!r} in force, only: {known}")
    return int(counts[name]["struck"])


def rules(
    proxy: str, url: str = "", configuration: Options = None, secrets: Options = None
) -> list[Answer]:
    """
    The rules in force on a proxy, as in the answer of GET /rules.
    """
    return SESSIONS.of(configuration, secrets, url).proxy(proxy).get_rules()
