"""
A control service on loopback, for clients that block.
"""

from __future__ import annotations

from twisted.trial.unittest import TestCase

from tests.control.support import REGISTRY
from vaurien_twisted.control.service import ControlService
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.declaration import ProxyDefaults
from vaurien_twisted.record.journal import Journal


class ServiceCase(TestCase):
    """
    A service on loopback, with no proxies at first.

    @ivar url: its URL.
    """

    timeout = 120

    async def setUp(self) -> None:
        """
        The service.
        """
        from twisted.internet import reactor

        self.collection = ProxyCollection(
            reactor, ProxyDefaults(REGISTRY), Journal(reactor.seconds), 7
        )
        self.collection.startService()
        self.addCleanup(self.collection.stopService)
        service = ControlService(reactor, "localhost", 0, self.collection)
        service.startService()
        self.addCleanup(service.stopService)
        await service.listening
        self.url = f"http://{service.address}"
