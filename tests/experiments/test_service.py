"""
Tests for L{vaurien_twisted.experiments.service}, with a control service in memory.
"""

from __future__ import annotations

from collections.abc import Callable

from treq.testing import StubTreq
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from tests.control.support import around, makeProxy
from vaurien_twisted.client.aio import AsyncClient
from vaurien_twisted.client.common import ClientError, Unreachable
from vaurien_twisted.control.site import ControlRoot, controlRoot
from vaurien_twisted.control.vaurien import VaurienAPI
from vaurien_twisted.experiments.document import readExperiment
from vaurien_twisted.experiments.service import Service


class Unplugged:
    """
    Something like treq, whose service can be unplugged.

    @ivar late: if it is a list, answers come only when its functions are called.
    """

    def __init__(self, http: StubTreq) -> None:
        self.http = http
        self.gone = False
        self.late: list[Callable[[], object]] | None = None

    def request(self, *arguments: object, **options: object) -> Deferred[object]:
        if self.gone:
            raise ConnectionRefusedError("refused")
        request: Deferred[object] = self.http.request(*arguments, **options)
        if self.late is None:
            return request
        answer: Deferred[object] = Deferred()
        self.late.append(lambda: request.chainDeferred(answer))
        return answer


class ServiceTests(TestCase):
    """
    One service is used, and restored.
    """

    def setUp(self) -> None:
        self.proxy = makeProxy()
        proxies = self.proxies = around(self.proxy)
        self.journal = proxies.journal
        self.http = Unplugged(StubTreq(controlRoot(proxies)))
        clock = self.clock = Clock()
        client = AsyncClient(http=self.http, reactor=clock)
        self.service = Service(client, clock)
        self.name = str(self.proxy.name)

    async def begin(self) -> None:
        text = f"proxies: {{{self.name}: }}\nmethod: [{{hold: 1s}}]"
        await self.service.begin(readExperiment(text))

    async def test_putBack(self) -> None:
        """
        A change that could not be undone is undone at the end.
        """
        await self.begin()
        before = self.proxy.backend
        await self.service.change(self.name, {"backend": "127.0.0.1:9"}, 1)
        self.assertEqual(self.proxy.backend, "127.0.0.1:9")
        self.assertEqual(await self.service.end(), [])
        self.assertEqual(self.proxy.backend, before)

    async def test_told(self) -> None:
        """
        The answer to setting rules has figures, so that the next reading needs no request.  They
        are used once.
        """
        await self.begin()
        await self.service.setRules(self.name, [{"behavior": "hang"}], False)
        self.http.gone = True
        self.clock.advance(0.25)
        reading = await self.service.read(0.5)
        self.assertEqual((reading.time, list(reading.proxies)), (-0.25, [self.name]))
        with self.assertRaises(Unreachable):
            await self.service.read(0.5)
        self.http.gone = False
        await self.service.setRules(self.name, [], False)
        self.clock.advance(0.75)
        self.assertEqual((await self.service.read(0.5)).time, 0.0)

    async def test_journalOnce(self) -> None:
        """
        A second call of C{journal} during the first one returns no entry twice, and none counts as
        missed.
        """
        await self.begin()
        for number in range(3):
            self.journal.record("unreachable", self.name, number)
        await self.service.read()
        late = self.http.late = []
        asked = [Deferred.fromCoroutine(self.service.journal()) for _ in range(2)]
        self.assertEqual(len(late), 2)
        for answer in late:
            answer()
        self.http.late = None
        self.assertEqual([len(await each) for each in asked], [3, 0])
        self.assertEqual(await self.service.end(), [])

    async def test_seed(self) -> None:
        """
        Decisions follow from the experiment's seed; the earlier seed is restored at the end.
        """
        before = self.proxy.decider.seed
        await self.service.begin(
            readExperiment(f"seed: 77\nproxies: {{{self.name}: }}\nmethod: [{{hold: 1s}}]")
        )
        self.assertEqual(self.proxy.decider.seed, 77)
        self.assertEqual(await self.service.end(), [])
        self.assertEqual(self.proxy.decider.seed, before)

    async def test_created(self) -> None:
        """
        Proxies that it creates are deleted at the end, and if it is killed before.
        """
        for ended in (True, False):
            await self.service.begin(
                readExperiment("proxies: {db: {backend: 127.0.0.1:9}}\nmethod: [{hold: 1s}]")
            )
            await self.service.change("db", {"backend": "127.0.0.1:10"}, 1)
            self.assertIn("db", self.proxies.namedServices)
            if ended:
                self.assertEqual(await self.service.end(), [])
            else:
                self.proxy.reactor.advance(60)
            self.assertNotIn("db", self.proxies.namedServices)
        # Somebody who was only late tells of the lease alone.
        [failed] = await self.service.end()
        self.assertIn("lease", failed)

    async def test_restored(self) -> None:
        """
        One that was undone is not undone twice.
        """
        await self.begin()
        before = self.proxy.backend
        await self.service.change(self.name, {"backend": "127.0.0.1:9"}, 1)
        await self.service.restore(self.name, 1)
        self.assertEqual(self.proxy.backend, before)
        self.proxy.setBackend("127.0.0.1:10")
        await self.service.end()
        self.assertEqual(self.proxy.backend, "127.0.0.1:10")

    async def test_refusing(self) -> None:
        """
        A service that needs a token, and one without leases.
        """
        self.http.http = StubTreq(controlRoot(self.proxies, token="s3cret"))
        with self.assertRaises(ClientError) as caught:
            await self.begin()
        self.assertIn("needs a token: set VAURIEN_TOKEN", caught.exception.reason)
        self.http.http = StubTreq(ControlRoot([VaurienAPI(self.proxies)], []))
        with self.assertRaises(ClientError) as caught:
            await self.begin()
        self.assertIn("has no /leases, which experiments need", caught.exception.reason)
        self.assertEqual(await self.service.end(), [])

    async def test_gone(self) -> None:
        """
        For a service that does not answer, everything that remains is reported.
        """
        await self.begin()
        await self.service.change(self.name, {"backend": "127.0.0.1:9"}, 1)
        self.http.gone = True
        failed = await self.service.end()
        self.assertEqual(len(failed), 3, failed)
        self.assertIn("lease", failed[0])
        self.assertIn("backend", failed[1])
        self.assertIn("seed", failed[2])
