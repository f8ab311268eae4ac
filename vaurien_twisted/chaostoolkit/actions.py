# -*- test-case-name: tests.chaostoolkit.test_activities -*-
"""
Actions for Chaos Toolkit: create proxies, and put faults in force.

All take C{url}, the control service; by default C{vaurien_url} of the experiment's configuration,
then the environment variable C{VAURIEN_URL}, then C{http://localhost:8080}.  The token is
C{token} of the secrets, or C{VAURIEN_TOKEN}.  An action fails if the service refuses it.
"""

from vaurien_twisted.chaostoolkit.sessions import SESSIONS
from vaurien_twisted.client.blocking import ClientError
from vaurien_twisted.client.strikes import missed
from vaurien_twisted.model.json_types import Answer, JSONObject

__all__ = [
    "add_fault",
    "add_toxic",
    "create_proxy",
    "delete_proxy",
    "disable_proxy",
    "enable_proxy",
    "normal",
    "remove_fault",
    "remove_toxic",
    "set_backend",
]

Options = JSONObject | None


def create_proxy(
    name: str,
    upstream: str,
    listen: str = "127.0.0.1:0",
    protocol: str = "",
    url: str = "",
    configuration: Options = None,
    secrets: Options = None,
) -> Answer:
    """
    Create a proxy.  The control deletes it at the end of the experiment.

    @param upstream: the backend, HOST:PORT.
    @param listen: the address that applications connect to; by default a free port of this machine.
    @param protocol: its wire protocol, by default that of the service's first proxy.
    @return: the proxy, as in the answer of GET /proxies/NAME.
    """
    return SESSIONS.of(configuration, secrets, url).create(name, upstream, listen, protocol)


def delete_proxy(
    name: str, url: str = "", configuration: Options = None, secrets: Options = None
) -> None:
    """
    Delete a proxy.
    """
    SESSIONS.of(configuration, secrets, url).delete(name)


def disable_proxy(
    proxy: str, url: str = "", configuration: Options = None, secrets: Options = None
) -> None:
    """
    Stop listening and reset all connections, as if the backend were down.  The control undoes
    it at the end of the experiment.
    """
    SESSIONS.of(configuration, secrets, url).proxy(proxy, change=True).disable()


def enable_proxy(
    proxy: str, url: str = "", configuration: Options = None, secrets: Options = None
) -> None:
    """
    Listen again.
    """
    SESSIONS.of(configuration, secrets, url).proxy(proxy, change=True).enable()


def set_backend(
    proxy: str,
    backend: str,
    url: str = "",
    configuration: Options = None,
    secrets: Options = None,
) -> None:
    """
    Send new connections to another backend, HOST:PORT.  The control undoes it at the end of the
    experiment.
    """
    SESSIONS.of(configuration, secrets, url).proxy(proxy, change=True).set_backend(backend)


def add_fault(
    proxy: str,
    behavior: str,
    name: str = "",
    options: Options = None,
    rule: Options = None,
    url: str = "",
    configuration: Options = None,
    secrets: Options = None,
) -> Answer:
    """
    Add a fault.

    @param behavior: such as delay, error or hang.
    @param name: the name for remove_fault and the probes.
    @param options: the behavior's options, such as {"sleep": "2s"}.
    @param rule: the exchanges it applies to: when, percent, after, times, scope and for, such as
        {"when": {"sql": "^SELECT"}, "percent": 10}.
    @return: the rule, as in the answer of GET /rules.
    """
    session = SESSIONS.of(configuration, secrets, url)
    words = {**session.lease, **(rule or {}), **({"name": name} if name else {})}
    body = {"behavior": behavior, "options": dict(options or {}), **words}
    return session.proxy(proxy).add_rule(body)


def remove_fault(
    proxy: str,
    name: str,
    may_miss: bool = True,
    url: str = "",
    configuration: Options = None,
    secrets: Options = None,
) -> Answer:
    """
    Remove a fault.

    @param may_miss: whether the fault need not have struck.  Otherwise the action fails if it never
        did, and names the nearest exchange.
    @return: its counts: seen, matched, struck.
    """
    found = SESSIONS.of(configuration, secrets, url).proxy(proxy)
    rules = {rule.get("name"): rule for rule in found.get_rules()}
    counts = {count.get("name"): count for count in found.counts()}
    found.remove_rule(name)
    count = dict(counts.get(name, {}))
    if not may_miss and not count.get("struck"):
        raise ClientError(missed(proxy, rules[name], count))
    return count


def add_toxic(
    proxy: str,
    type: str,
    name: str = "",
    stream: str = "downstream",
    toxicity: float = 1.0,
    attributes: Options = None,
    url: str = "",
    configuration: Options = None,
    secrets: Options = None,
) -> Answer:
    """
    Add a toxic, as in Toxiproxy.

    @param name: by default TYPE_STREAM.
    @param stream: upstream or downstream.
    @param toxicity: the share of connections that it applies to, 0 to 1.
    @param attributes: the attributes, such as {"latency": 100}.
    @return: the toxic.
    """
    session = SESSIONS.of(configuration, secrets, url)
    added = dict(attributes or {})
    lease = session.lease.get("lease")
    found = session.proxy(proxy)
    return found.add_toxic(type, name or None, stream, toxicity, lease=lease, **added)


def remove_toxic(
    proxy: str, name: str, url: str = "", configuration: Options = None, secrets: Options = None
) -> None:
    """
    Remove a toxic.
    """
    SESSIONS.of(configuration, secrets, url).proxy(proxy).remove_toxic(name)


def normal(
    proxy: str = "", url: str = "", configuration: Options = None, secrets: Options = None
) -> None:
    """
    Remove all faults of a proxy, or of all proxies; also those that others have set.
    """
    session = SESSIONS.of(configuration, secrets, url)
    if proxy:
        session.proxy(proxy).normal()
    else:
        session.client.normal()
