"""
Vaurien, a chaos TCP proxy on Twisted.

It stands between an application and its backend, and injects faults on request.  Read the
package in this order:

C{interfaces}
    Every interface, documented.
C{model}
    Values: commands, exchanges, options, matchers, rules and decisions.
C{wire}
    A folder for each wire protocol.  It divides bytes into exchanges and encodes errors,
    without input or output.  C{http2}, C{grpc}, C{websocket} and C{streams} (events and lines in
    replies) are parts of C{http}.
C{behaviors}
    A module for each fault: a pure function from options and an exchange to commands.
C{rules}
    Plans, and the decider that chooses the rules that apply to an exchange.
C{relays}
    The link between a client and the backend: it performs commands, keeps backpressure, and
    closes.  A pair of Protocol and Factory for each wire protocol works with any endpoint.
C{transports}, C{express}
    Below the relays: addresses, TLS and the PROXY protocol; plain TCP at full speed.
C{record}
    The journal, the counters and the log.
C{proxies}
    The proxy as a service, where it listens, and all proxies of one Vaurien.
C{metrics}, C{control}
    Metrics for Prometheus and statsd; the REST service, a module for each API, its description
    in OpenAPI, and the page.
C{client}, C{ctl}, C{experiments}
    Drive a proxy from code, from a shell, and by an experiment: steps, conditions, a verdict, and
    the same faults again.
C{testing}, C{pytest_plugin}
    Proxies for the tests of applications: on trial, unittest and pytest.
C{mcp}
    The operations of a running Vaurien as tools for assistants.
C{chaostoolkit}
    Actions, probes and a control for Chaos Toolkit.
C{app}
    From the command line and the configuration file to running services.
C{arguments}, C{stdio}
    What all commands share: command lines that are refused in one line; standard input and output.
C{plugins}
    Where other packages put their behaviors and protocols.

Imports point down: app, control, metrics, proxies, relays, rules, then wire and behaviors,
then interfaces and model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vaurien_twisted.client.blocking import AsyncClient, Client, ClientError, RequestRefused
    from vaurien_twisted.client.launcher import stop_proxy
    from vaurien_twisted.client.starting import start_proxy

__version__ = "2.0.0.dev0"

__all__ = [
    "AsyncClient",
    "Client",
    "ClientError",
    "RequestRefused",
    "__version__",
    "start_proxy",
    "stop_proxy",
]

_HOMES = {
    "AsyncClient": "client.blocking",
    "Client": "client.blocking",
    "ClientError": "client.common",
    "RequestRefused": "client.common",
    "start_proxy": "client.starting",
    "stop_proxy": "client.launcher",
}


def __getattr__(name: str) -> Any:
    """
    The names for test suites, whose modules are loaded when they are first used.
    """
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{home}"), name)


def discover(discover_system: bool = True) -> dict[str, Any]:
    """
    What C{chaos discover vaurien-twisted} of Chaos Toolkit lists; it looks for this name here.

    @param discover_system: as Chaos Toolkit gives it; there is nothing to find in a system.
    """
    from vaurien_twisted.chaostoolkit.discovery import discovered

    return discovered()
