"""
Tests for the client on treq: in memory, and on loopback.
"""

from __future__ import annotations

from typing import Any

from treq.testing import StubTreq
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import DNSLookupError
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from tests.client.test_blocking import OPTIONS, listenOn, silence
from tests.control.support import REGISTRY, around, listening, makeProxy
from tests.ports import freePort
from vaurien_twisted.client.blocking import AsyncClient, ClientError, RequestRefused, Unreachable
from vaurien_twisted.control.site import controlRoot


class Stuck:
    """
    Something like treq that never answers.
    """

    def request(self, *arguments: Any, **options: Any) -> Deferred:
        """
        Never.
        """
        return Deferred()


class AsyncClientTests(TestCase):
    """
    The twin on treq, in memory.
    """

    def setUp(self):
        """
        A proxy and its site.
        """
        self.proxy = makeProxy()
        treq = StubTreq(controlRoot(around(self.proxy)))
        self.client = AsyncClient(http=treq, reactor=Clock())

    async def test_calls(self):
        """
        Every method.
        """
        client = self.client
        self.assertEqual(await client.get_behavior(), "dummy")
        await client.set_behavior("delay", **OPTIONS)
        self.assertEqual(await client.get_behavior(), "delay")
        self.assertEqual(await client.get_options(), OPTIONS)
        self.assertEqual(await client.list_behaviors(), sorted(REGISTRY.behaviors))
        await client.set_backend("example.com:80")
        self.assertEqual(await client.get_backend(), "example.com:80")

    async def test_token(self):
        """
        The token goes with every request.
        """
        treq = StubTreq(controlRoot(around(self.proxy), token="s3cret"))
        client = AsyncClient(http=treq, reactor=Clock(), token="s3cret")
        self.assertEqual(await client.get_behavior(), "dummy")
        with self.assertRaises(RequestRefused) as caught:
            await AsyncClient(http=treq, reactor=Clock(), token="other").get_behavior()
        self.assertEqual(caught.exception.status, 401)

    async def test_pitfall18_restores(self):
        """
        Name, options and percentages are restored after the block and after an exception.
        """
        client = self.client
        await client.set_behavior("20:error,10:delay", delay=OPTIONS)
        before = self.proxy.plan
        async with client.with_behavior("hang") as same:
            self.assertEqual(await same.get_behavior(), "hang")
        self.assertEqual(self.proxy.plan, before)
        with self.assertRaises(ZeroDivisionError):
            async with client.with_behavior("hang"):
                raise ZeroDivisionError
        self.assertEqual(self.proxy.plan, before)

    async def test_rules(self):
        """
        Rules are set and read, and restored after a block; protocols and the journal are read.
        """
        client = self.client
        await client.set_rules([{"behavior": "hang", "times": 1}, {"behavior": "delay"}])
        before, told = self.proxy.plan, await client.get_rules()
        self.assertEqual(told[0], {"behavior": "hang", "times": 1})
        async with client.with_behavior("error"):
            self.assertEqual(await client.get_behavior(), "error")
        self.assertEqual(self.proxy.plan, before)
        self.assertEqual(await client.list_protocols(), sorted(REGISTRY.wires))
        for _ in range(3):
            self.proxy.journal.record("decision", "proxy", 1)
        self.assertEqual([entry["id"] for entry in await client.journal(1)], [2, 3])
        self.assertEqual([entry["id"] for entry in await client.journal(limit=1)], [1])

    async def test_restoresOld(self):
        """
        Without rules, the behavior is restored.
        """
        client, real = self.client, self.client.request
        asked = []

        async def request(method, path, body=None):
            if path == "/rules":
                raise ClientError("no such thing")
            asked.append((method, path, body))
            return await real(method, path, body)

        self.patch(client, "request", request)
        await client.set_behavior("delay", **OPTIONS)
        async with client.with_behavior("hang"):
            pass
        self.assertEqual(asked[-1], ("PUT", "/behavior", {"name": "delay", "options": OPTIONS}))

    async def test_refused(self):
        """
        The service's words.
        """
        with self.assertRaises(RequestRefused) as caught:
            await self.client.set_behavior("delay", slep=1)
        self.assertIn("did you mean 'sleep'", caught.exception.description)

    async def test_cannotRestore(self):
        """
        An exception from the block gets a note.
        """
        client = self.client
        with self.assertRaises(ZeroDivisionError) as caught:
            async with client.with_behavior("hang"):
                client.url = "http://evil.example"
                raise ZeroDivisionError
        self.assertIn("'hang' is still in force", caught.exception.__notes__[0])

    def test_cancelled(self):
        """
        A cancelled request is not a failure of the service.
        """

        def lookupFails(lookup: Deferred) -> None:
            lookup.errback(DNSLookupError())

        class Connecting:
            def request(self, *arguments: Any, **options: Any) -> Deferred:
                return Deferred(lookupFails)

        client = AsyncClient(http=Connecting(), reactor=Clock())
        asking = Deferred.fromCoroutine(client.get_behavior())
        asking.cancel()
        self.failureResultOf(asking, CancelledError)

    def test_timeout(self):
        """
        No answer in time, by the given reactor's clock, and not before.
        """
        clock = Clock()
        client = AsyncClient(http=Stuck(), reactor=clock, timeout=5)
        asked = Deferred.fromCoroutine(client.get_behavior())
        clock.advance(4.9)
        self.assertNoResult(asked)
        clock.advance(0.2)
        error = self.failureResultOf(asked, Unreachable).value
        self.assertIn("nothing within 5 s", error.reason)


class LoopbackTests(TestCase):
    """
    The twin on a real reactor.
    """

    timeout = 120

    async def setUp(self):
        """
        A service.
        """
        _, service = await listening(self)
        self.url = f"http://{service.address}"

    async def test_async(self):
        """
        The asynchronous client works on a real reactor, and leaves no connection open.
        """
        client = AsyncClient(url=self.url)
        await client.set_behavior("hang")
        self.assertEqual(await client.get_behavior(), "hang")

    async def test_asyncUnreachable(self):
        """
        The asynchronous client reports the same error if nothing listens.
        """
        client = AsyncClient(port=freePort())
        with self.assertRaises(Unreachable):
            async with client.with_behavior("hang"):
                pass
        with self.assertRaises(Unreachable) as caught:
            await client.get_behavior()
        self.assertIn(client.url, caught.exception.reason)

    async def test_asyncSilent(self):
        """
        The asynchronous client has a time limit for a silent server.
        """
        client = AsyncClient(url=listenOn(self, silence()), timeout=0.1)
        with self.assertRaises(Unreachable) as caught:
            await client.get_behavior()
        self.assertIn("nothing within 0.1 s", caught.exception.reason)
