# -*- test-case-name: tests.proxies.test_starting -*-
"""
Starts proxies that are not part of a collection yet.
"""

from __future__ import annotations

from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.leases import Leases
from vaurien_twisted.proxies.proxy import Proxy


async def startProxy(proxy: Proxy, leases: Leases) -> None:
    """
    Start a proxy; it listens if it is enabled.

    @param leases: the leases that are held.
    @raise CannotListen: it cannot listen, and is stopped.
    @raise Refused: its lease has ended meanwhile; it is stopped.
    """
    proxy.privilegedStartService()
    try:
        if proxy.listening is not None:
            await proxy.listening
        leases.check(proxy.lease)
    except Refused:
        await proxy.stopService()
        raise
