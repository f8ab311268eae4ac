"""
Tests for L{vaurien_twisted.experiments.keep_alive}, on loopback.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import TestCase

from tests.control.support import listening
from vaurien_twisted.client.aio import AsyncClient
from vaurien_twisted.client.common import RequestRefused, Unreachable
from vaurien_twisted.experiments.keep_alive import KeepAliveRequests


class LastingTests(TestCase):
    """
    Requests to one control service.
    """

    def setUp(self) -> None:
        """
        The reactor is the one that is installed.
        """
        from twisted.internet import reactor

        self.reactor: Any = reactor

    async def test_connection(self) -> None:
        """
        They go over one connection, with and without bodies; refusals are refusals.
        """
        proxy, service = await listening(self)
        opened: list[object] = []
        connect = self.reactor.connectTCP

        def connectTCP(*words: object, **more: object) -> object:
            opened.append(words)
            return connect(*words, **more)

        self.patch(self.reactor, "connectTCP", connectTCP)
        requests = KeepAliveRequests(self.reactor)
        client = AsyncClient(url=f"http://{service.address}", http=requests)
        for number in range(3):
            await client.request("PUT", "/rules", {"rules": [{"behavior": "hang"}]})
            answer = await client.request("GET", "/state")
            self.assertEqual(len(answer["proxies"][0]["rules"]), 1, number)
        with self.assertRaises(RequestRefused):
            await client.request("PUT", "/rules", {"rules": [{"behavior": "hng"}]})
        self.assertEqual(str(proxy.plan.draws[0].alternatives[0].behavior.name), "hang")
        self.assertEqual(len(opened), 1)
        await requests.close()

    async def test_gone(self) -> None:
        """
        A service that is gone cannot be reached.
        """
        _, service = await listening(self)
        requests = KeepAliveRequests(self.reactor)
        client = AsyncClient(url=f"http://{service.address}", http=requests)
        await client.request("GET", "/state")
        await service.stopService()
        with self.assertRaises(Unreachable):
            await client.request("GET", "/state")
        await requests.close()
