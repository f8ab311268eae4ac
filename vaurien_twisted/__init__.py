"""
Vaurien, the chaos TCP proxy, on Twisted.

It stands between an application and its backend and misbehaves on request.  A tour,
in the order in which to read:

C{interfaces}
    every interface, documented.
C{commands}, C{exchange}, C{options}
    the values that everything else speaks of: what a behavior may ask of a link, one
    request and its reply, and options that are declared once.
C{targets}, C{patterns}, C{pattern_syntax}, C{names}
    which exchanges a rule is for; patterns, matched in bounded time; names and addresses that
    can be shown.
C{wire}
    sans-IO: one module per wire protocol, which divides bytes into exchanges and knows
    how the protocol says "error".
C{behaviors}
    pure: one module per behavior, from options and an occasion to commands.
C{plan}, C{planning}, C{registry}
    which behavior meets which exchange, by decisions that can be repeated; plans as
    users write them; the behaviors and protocols there are, plugins included.
C{relays}
    the Twisted Protocols and Factories: the link that performs commands, backpressure,
    closing, and a named pair per wire protocol for use with any endpoint.
C{transports}, C{express}
    what lies below: TLS, the PROXY protocol, sockets of systemd; plain TCP at full speed.
C{proxy}, C{listener}, C{connect_first}, C{journal}, C{repeats}
    the proxy as a service; where it listens, and when; what happened, and the bound on log
    lines that repeat.
C{circles}, C{descriptors}, C{clocks}
    what a process of proxies must not do: connect to itself, take the last file descriptor, or
    wait for a clock that was set back.
C{toxics}, C{declaring}, C{collection}
    named behaviors beside a plan; proxies as declared; all proxies of one Vaurien.
C{control}
    the REST service, a Klein resource for each face.
C{client}, C{process}, C{testing}
    driving a proxy from code and from tests.
C{settings}, C{config}, C{access}, C{tap}, C{service}, C{cli}, C{ctl}
    from the command line and the ini file to running services.
C{signals}, C{reloading}, C{textfile}, C{stdio}
    SIGHUP, SIGUSR1 and the end of a process; the configuration file read again; text files and
    terminals of all kinds.

Imports point one way: tap, service, control, proxy, relays, plan, then wire and
behaviors, then commands and interfaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vaurien_twisted.client.blocking import AsyncClient, Client
    from vaurien_twisted.client.launcher import start_proxy, stop_proxy

__version__ = "2.0.0.dev0"

__all__ = ["AsyncClient", "Client", "__version__", "start_proxy", "stop_proxy"]

_HOMES = {
    "AsyncClient": "client.blocking",
    "Client": "client.blocking",
    "start_proxy": "client.launcher",
    "stop_proxy": "client.launcher",
}


def __getattr__(name: str) -> Any:
    """
    What tests use, loaded only by who uses it.
    """
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{home}"), name)
