"""
Tests for L{vaurien_twisted.proxies.collection}, on loopback.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import TestCase

from tests.proxies.test_listener import answers
from tests.support import REGISTRY
from vaurien_twisted.model.decision import NOTHING
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies import collection
from vaurien_twisted.proxies.collection import NoSuchProxy, ProxyCollection, ProxyExists
from vaurien_twisted.proxies.declaration import ProxyDefaults, declaredFromJSON
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.codec import planFromRules
from vaurien_twisted.rules.toxics import TOXICS, Toxics, amended, toxicFromJSON
from vaurien_twisted.transports.addresses import CannotListen

#: Nothing listens there, and no test connects.
UPSTREAM = "127.0.0.1:9"

MAKINGS = ProxyDefaults(REGISTRY)


def declared(name: str = "db", **more: Any) -> Any:
    """
    A proxy on a free port.
    """
    item = {"name": name, "listen": "localhost:0", "upstream": UPSTREAM, **more}
    return declaredFromJSON(MAKINGS, item)


class Linked:
    """
    A link, of which only the connection matters.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.bare = False
        self.exchanges = 0

    def planChanged(self, exchanges: bool = True) -> None:
        """
        Nothing is under way.
        """


class CollectionCase(TestCase):
    """
    A collection that runs until the test is over.
    """

    timeout = 120

    def setUp(self) -> None:
        from twisted.internet import reactor

        clock: Any = reactor
        self.proxies = ProxyCollection(reactor, MAKINGS, Journal(clock.seconds), 7)
        self.proxies.startService()
        self.addCleanup(lambda: maybeDeferred(self.proxies.stopService))

    def names(self) -> list[str]:
        """
        Which proxies there are.
        """
        return [str(proxy.name) for proxy in self.proxies.proxies]

    def busy(self) -> str:
        """
        An address that is taken.
        """
        other = socket.socket()
        self.addCleanup(other.close)
        other.bind(("127.0.0.1", 0))
        other.listen()
        return f"127.0.0.1:{other.getsockname()[1]}"


class CreateTests(CollectionCase):
    """
    Creating and deleting proxies.
    """

    async def test_create(self) -> None:
        """
        A new proxy listens on its announced port.
        """
        proxy = await self.proxies.create(declared(toxics=[{"type": "latency"}]))
        self.assertRegex(proxy.listen, r"\A127\.0\.0\.1:[1-9]\d*\Z")
        self.assertTrue(answers(proxy.listen))
        self.assertIs(self.proxies.get("db"), proxy)
        self.assertIs(self.proxies.first, proxy)
        self.assertEqual(len(proxy.toxics), 1)

    async def test_disabled(self) -> None:
        """
        One that is not enabled does not listen, until it is.
        """
        proxy = await self.proxies.create(declared(enabled=False))
        self.assertEqual((proxy.enabled, proxy.address), (False, ""))
        await proxy.update(enabled=True)
        self.assertTrue(answers(proxy.listen))
        await proxy.update(enabled=False)
        self.assertFalse(answers(proxy.listen))
        place = proxy.listen
        await proxy.update(enabled=True)
        self.assertEqual(proxy.address, place)

    async def test_pitfall11_conflicts(self) -> None:
        """
        A proxy that cannot be created leaves nothing: a duplicate name opens no port, a port in use
        takes no name.
        """
        await self.proxies.create(declared())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            free = f"127.0.0.1:{probe.getsockname()[1]}"
        with self.assertRaises(ProxyExists):
            await self.proxies.create(declared(listen=free))
        self.assertFalse(answers(free))
        with self.assertRaises(CannotListen):
            await self.proxies.create(declared("two", listen=self.busy()))
        with self.assertRaises(Refused):
            await self.proxies.create(declared("two", listen="nowhere"))
        with self.assertRaises(Refused):
            await self.proxies.create(declared("two", upstream="nowhere"))
        self.assertEqual(self.names(), ["db"])
        await self.proxies.create(declared("two", listen=free))
        self.assertEqual(self.names(), ["db", "two"])

    async def test_pitfall36_refusedSaysNothing(self) -> None:
        """
        The log has no faults in force for a proxy that is not created, and one line for one that
        is.
        """
        lines: list[str] = []

        def observer(event: Any) -> None:
            lines.append(formatEvent(event))

        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        toxics = [{"type": "latency", "name": "slow"}]
        for more in ({"listen": self.busy()}, {"listen": "nowhere"}, {"upstream": "nowhere"}):
            with self.assertRaises(Refused):
                await self.proxies.create(declared("two", toxics=toxics, **more))
        self.assertEqual([line for line in lines if "two: " in line], [])
        await self.proxies.create(declared("two", toxics=toxics))
        [force] = [line for line in lines if "two: rules in force" in line]
        self.assertIn("slow", force)

    async def test_pitfall44_many(self) -> None:
        """
        The numbers of proxies and of their toxics are limited.
        """
        self.patch(collection, "PROXIES", 2)
        await self.proxies.create(declared("one"))
        await self.proxies.create(declared("two"))
        with self.assertRaises(Refused) as caught:
            await self.proxies.create(declared("three"))
        self.assertIn("already 2 proxies", caught.exception.description)
        had, refused = await self.proxies.populate([declared("two"), declared("three")])
        self.assertEqual([str(each.name) for each in had], ["two"])
        self.assertEqual(self.names(), ["one", "two"])
        assert refused is not None
        await self.proxies.populate([declared("two", upstream="localhost:2")])
        toxics = [{"type": "latency", "name": f"t{n}"} for n in range(TOXICS + 1)]
        declared(toxics=toxics[1:])
        with self.assertRaises(Refused) as caught:
            declared(toxics=toxics)
        self.assertIn(f"already {TOXICS} toxics", caught.exception.description)

    async def test_sameTime(self) -> None:
        """
        Of two with one name that are made at the same time, there is one.
        """
        late: Deferred[Any] = Deferred()

        def slowly(proxy: Proxy) -> None:
            proxy.listening = late

        self.patch(Proxy, "privilegedStartService", slowly)
        first = Deferred.fromCoroutine(self.proxies.create(declared()))
        with self.assertRaises(ProxyExists):
            await self.proxies.create(declared())
        late.callback(None)
        self.assertEqual(self.names(), [str((await first).name)])

    async def test_delete(self) -> None:
        """
        A port is free as soon as its proxy is gone.
        """
        proxy = await self.proxies.create(declared())
        place = proxy.listen
        await self.proxies.delete("db")
        self.assertEqual(self.names(), [])
        with socket.socket() as fresh:
            host, _, port = place.rpartition(":")
            fresh.bind((host, int(port)))
        for name in ("db", "bd"):
            with self.assertRaises(NoSuchProxy):
                await self.proxies.delete(name)
        self.assertRaises(NoSuchProxy, lambda: self.proxies.first)

    async def test_nearest(self) -> None:
        """
        A name that is not there is refused with the nearest.
        """
        await self.proxies.create(declared("database"))
        refused = self.assertRaises(NoSuchProxy, self.proxies.get, "databse")
        self.assertIn("did you mean 'database'?", refused.description)


class UpdateTests(CollectionCase):
    """
    Proxies change.
    """

    async def test_update(self) -> None:
        """
        Address, backend and state, single and together.
        """
        proxy = await self.proxies.create(declared())
        old = proxy.listen
        await proxy.update(backend="127.0.0.1:10")
        self.assertEqual((proxy.listen, proxy.backend), (old, "127.0.0.1:10"))
        await proxy.update(listen="127.0.0.1:0", enabled=False)
        self.assertEqual((proxy.listen, proxy.address), ("127.0.0.1:0", ""))
        self.assertFalse(answers(old))
        await proxy.update(listen=old, backend=UPSTREAM, enabled=True)
        self.assertEqual((proxy.address, proxy.backend), (old, UPSTREAM))

    async def test_refused(self) -> None:
        """
        A refused change changes nothing at all.
        """
        proxy = await self.proxies.create(declared())
        old = proxy.listen
        for change in (
            {"listen": self.busy(), "backend": "127.0.0.1:10"},
            {"listen": "127.0.0.1:0", "backend": "nowhere", "enabled": False},
            {"listen": "nowhere"},
            {"listen": "nowhere", "enabled": False},
        ):
            with self.assertRaises(Refused):
                await proxy.update(**change)
            self.assertEqual(
                (proxy.address, proxy.backend, proxy.enabled), (old, UPSTREAM, True), change
            )

    async def test_stopsTwice(self) -> None:
        """
        Simultaneous changes are done one after the other.
        """
        proxy = await self.proxies.create(declared())
        changes = [proxy.update(enabled=bool(n % 2)) for n in range(6)]
        for change in [Deferred.fromCoroutine(each) for each in changes]:
            await change
        self.assertTrue(answers(proxy.listen))


class PopulateTests(CollectionCase):
    """
    Several proxies at once.
    """

    async def test_idempotent(self) -> None:
        """
        Existing proxies do not change, with their toxics.
        """
        first, refused = await self.proxies.populate([declared("a"), declared("b")])
        self.assertIsNone(refused)
        self.proxies.get("a").faults.setToxics(declared(toxics=[{"type": "latency"}]).toxics)
        again, refused = await self.proxies.populate([declared("a"), declared("b")])
        self.assertIsNone(refused)
        self.assertEqual(again, first)
        self.assertEqual(len(first[0].toxics), 1)
        [third], _ = await self.proxies.populate([declared("a", listen=first[0].listen)])
        self.assertIs(third, first[0])

    async def test_replaced(self) -> None:
        """
        Proxies with another address, backend or protocol are replaced at their position, also if
        the port is the same.
        """
        await self.proxies.populate([declared("a"), declared("b")])
        old = self.proxies.get("a")
        place = old.listen
        for more in (
            {"upstream": "127.0.0.1:10", "listen": place},
            {"upstream": "127.0.0.1:10", "listen": "127.0.0.1:0"},
            {"upstream": "127.0.0.1:10", "protocol": "redis"},
        ):
            [new], refused = await self.proxies.populate([declared("a", **more)])
            self.assertIsNone(refused)
            self.assertIsNot(new, old)
            self.assertEqual(old.address, "")
            self.assertEqual(self.names(), ["a", "b"])
            old = new
        self.assertEqual(old.wire.name, "redis")

    async def test_partly(self) -> None:
        """
        Proxies before the first error remain; one that cannot be replaced does not change.
        """
        [old], _ = await self.proxies.populate([declared("b")])
        had, refused = await self.proxies.populate(
            [declared("a"), declared("b", listen=self.busy()), declared("c")]
        )
        self.assertIsInstance(refused, CannotListen)
        self.assertEqual([proxy.name for proxy in had], ["a"])
        self.assertEqual(self.names(), ["b", "a"])
        self.assertIs(self.proxies.get("b"), old)
        self.assertTrue(answers(old.listen))

    async def test_reset(self) -> None:
        """
        All are enabled without toxics, and keep their rules; one that cannot be enabled
        stops no other.
        """
        toxics = [{"type": "latency"}]
        one = await self.proxies.create(declared("a", enabled=False, toxics=toxics))
        two = await self.proxies.create(declared("b", rules=[{"behavior": "hang"}], toxics=toxics))
        three = await self.proxies.create(declared("c", enabled=False))
        await one.update(listen=self.busy())
        with self.assertRaises(CannotListen):
            await self.proxies.reset()
        self.assertEqual([len(proxy.toxics) for proxy in (one, two, three)], [0, 0, 0])
        self.assertEqual([proxy.enabled for proxy in (one, two, three)], [False, True, True])
        self.assertEqual([rule.behavior.name for rule in two.plan.rules], ["hang"])


class ToxicTests(CollectionCase):
    """
    Toxics together with the plan.
    """

    async def proxy(self, *rules: dict[str, Any]) -> Proxy:
        """
        A proxy with these rules.
        """
        return await self.proxies.create(declared(rules=list(rules)))

    def add(self, proxy: Proxy, **item: Any) -> None:
        """
        Add a toxic.
        """
        proxy.faults.setToxics(proxy.toxics.adding(toxicFromJSON(proxy.ruleBuilder, item)))

    async def test_countsGoOn(self) -> None:
        """
        Rules keep their counts while toxics are added, changed and removed.
        """
        proxy = await self.proxy({"behavior": "hang", "after": 4, "times": 1})
        decider = proxy.relays.decider
        hits = []
        for number in range(1, 8):
            if number == 2:
                self.add(proxy, type="latency")
            if number == 3:
                changed = amended(proxy.ruleBuilder, proxy.toxics.get("latency_downstream"), {})
                proxy.faults.setToxics(proxy.toxics.changing(changed))
            if number == 4:
                proxy.faults.setToxics(Toxics())
            if decider.decide(Connection(1), Exchange(number)) is not NOTHING:
                hits.append(number)
        self.assertEqual(hits, [5])

    async def test_drawsStay(self) -> None:
        """
        The draws of a toxic of exchanges do not change when others before it are added and removed.
        """
        proxy = await self.proxy()

        def hits() -> list[int]:
            decide = proxy.relays.decider.decide
            return [n for n in range(200) if decide(Connection(n), Exchange(1)) is not NOTHING]

        self.add(proxy, type="latency", name="before")
        self.add(proxy, type="hang", toxicity=0.3)
        found = hits()
        self.assertTrue(30 < len(found) < 90, len(found))
        proxy.faults.setToxics(proxy.toxics.removing("before"))
        self.assertEqual(hits(), found)
        proxy.faults.setPlan(planFromRules(proxy.ruleBuilder, [{"behavior": "dummy"}]))
        self.assertEqual(hits(), found)

    async def test_once(self) -> None:
        """
        A connection draws one number for a toxic of exchanges, whatever becomes of the
        toxicity: more of it meets those from before, and others.
        """
        proxy = await self.proxy()
        decide = proxy.relays.decider.decide
        connections = [Connection(number) for number in range(100)]
        links: Any = proxy.relays.links
        for each in connections:
            links.add(Linked(each))
        self.addCleanup(links._open.clear)
        self.add(proxy, type="hang", name="it", toxicity=0.1)
        met: list[set[int]] = []
        for toxicity in (0.1, 0.5, 0.3, 1, 0, 0.3):
            changed = amended(proxy.ruleBuilder, proxy.toxics.get("it"), {"toxicity": toxicity})
            proxy.faults.setToxics(proxy.toxics.changing(changed))
            for _ in range(2):
                met.append({c.number for c in connections if decide(c, Exchange(1)) is not NOTHING})
        tenth, half, third, all_, none, again = met[::2]
        self.assertEqual(met[::2], met[1::2])
        self.assertEqual((len(all_), len(none), again), (100, 0, third))
        self.assertTrue(set() < tenth < third < half < all_)

    async def test_plan(self) -> None:
        """
        The plan is returned without the toxics; another plan keeps them.
        """
        proxy = await self.proxy({"behavior": "hang", "name": "mine"})
        self.add(proxy, type="latency")
        self.assertEqual([rule.name for rule in proxy.plan.rules], ["mine"])
        proxy.faults.setPlan(
            planFromRules(proxy.ruleBuilder, [{"behavior": "delay"}, {"behavior": "hang"}])
        )
        self.assertEqual([rule.behavior.name for rule in proxy.plan.rules], ["delay", "hang"])
        self.assertEqual([toxic.name for toxic in proxy.toxics], ["latency_downstream"])
        self.assertEqual(len(list(proxy.relays.decider.plan.rules)), 3)

    async def test_names(self) -> None:
        """
        A rule and a toxic cannot have the same name.
        """
        proxy = await self.proxy({"behavior": "hang", "name": "mine"})
        self.assertRaises(Refused, self.add, proxy, type="latency", name="mine")
        self.assertEqual(len(proxy.toxics), 0)
        self.add(proxy, type="latency", name="yours")
        rules = planFromRules(proxy.ruleBuilder, [{"behavior": "hang", "name": "yours"}])
        self.assertRaises(Refused, proxy.faults.setPlan, rules)
        self.assertEqual([rule.name for rule in proxy.plan.rules], ["mine"])
