"""
Tests for what both clients can ask, against a service whose proxies listen on loopback.
"""

from __future__ import annotations

import inspect

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase

from tests.client.service_case import ServiceCase
from vaurien_twisted.client.aio import AsyncClient, AsyncProxy
from vaurien_twisted.client.blocking import Client, ClientError, Proxy, RequestRefused

ERROR = {"behavior": "error", "percent": 10.0}


class TwinTests(SynchronousTestCase):
    """
    The two clients have the same methods.
    """

    def test_methods(self) -> None:
        """
        By name and by parameters.
        """
        for one, other in ((Client, AsyncClient), (Proxy, AsyncProxy)):
            for name, method in vars(one).items():
                if name.startswith("_") or not callable(method) or name == "stream":
                    continue
                twin = getattr(other, name)
                with self.subTest(f"{one.__name__}.{name}"):
                    self.assertEqual(
                        list(inspect.signature(method).parameters),
                        list(inspect.signature(twin).parameters),
                    )

    def test_refused(self) -> None:
        """
        A refused request raises an error that is also that of Vaurien 1.
        """
        self.assertTrue(issubclass(RequestRefused, ValueError))
        self.assertTrue(issubclass(RequestRefused, ClientError))


class CallsTests(ServiceCase):
    """
    A service on loopback, with no proxies at first.
    """

    async def test_blocking(self) -> None:
        """
        Proxies are created, found, listed, toggled, changed and deleted.
        """

        def use() -> None:
            client = Client(url=self.url)
            db = client.create_proxy("db", "localhost:3306", protocol="mysql", rules=[ERROR])
            client.create_proxy("a b", "localhost:1", enabled=False)
            self.assertEqual([each.name for each in client.list_proxies()], ["db", "a b"])
            self.assertEqual(db.info()["protocol"], "mysql")
            self.assertTrue(db.address().startswith("127.0.0.1:"))
            self.assertEqual([db.toggle(), db.toggle()], [False, True])
            db.disable()
            self.assertFalse(db.info()["enabled"])
            db.enable()
            db.set_backend("localhost:3307")
            self.assertEqual(db.get_backend(), "localhost:3307")
            with db.with_behavior("delay", sleep=1) as same:
                self.assertIs(same, db)
                self.assertEqual((db.get_behavior(), db.get_options()["sleep"]), ("delay", 1.0))
            self.assertEqual(db.get_rules()[0]["percent"], 10.0)
            db.set_rules([], seed=7)
            with db.fault("error", code=1213, when={"sql": "^UPDATE"}, times=1) as fault:
                [rule] = db.get_rules()
                self.assertEqual((rule["name"], rule["times"]), (fault.name, 1))
                db.refresh(fault)
                self.assertEqual(db.counts()[0]["left"], 1)
            self.assertEqual((fault.struck, db.get_rules()), (0, []))
            lease = client.take_lease(60)
            db.add_rule({"behavior": "hang", "lease": lease})
            client.renew_lease(lease)
            client.end_lease(lease)
            self.assertEqual(db.get_rules(), [])
            db.set_behavior("hang")
            self.assertEqual(db.get_rules(), [{"behavior": "hang"}])
            toxic = db.add_toxic("latency", latency=100, jitter=10)
            self.assertEqual(toxic["name"], "latency_downstream")
            db.update_toxic("latency_downstream", toxicity=0.5, latency=200)
            [toxic] = db.toxics()
            self.assertEqual((toxic["toxicity"], toxic["attributes"]["latency"]), (0.5, 200))
            db.remove_toxic("latency_downstream")
            self.assertEqual((db.toxics(), db.connections()), ([], []))
            with self.assertRaises(RequestRefused):
                db.explain(1)
            with self.assertRaises(RequestRefused):
                db.close_connection(1)
            self.collection.journal.record("decision", "db", 1)
            self.collection.journal.record("decision", "a b", 1)
            self.assertEqual([each["proxy"] for each in client.journal()][-2:], ["db", "a b"])
            self.assertEqual({each["proxy"] for each in db.journal()}, {"db"})
            self.assertEqual(len(client.state()["proxies"]), 2)
            db.set_behavior("hang")
            db.add_toxic("latency")
            db.normal()
            self.assertEqual((db.get_rules(), db.toxics()), ([], []))
            db.set_behavior("hang")
            client.normal()
            self.assertEqual((db.get_rules(), db.toxics()), ([], []))
            client.reset()
            self.assertTrue(client.proxy("a b").info()["enabled"])
            client.delete_proxy("a b")
            with self.assertRaises(ValueError) as caught:
                client.find_proxy("d")
            self.assertIn("not found", str(caught.exception))
            client.find_proxy("db").delete()
            self.assertEqual(client.list_proxies(), [])

        await deferToThread(use)

    async def test_async(self) -> None:
        """
        The same as coroutines.
        """
        client = AsyncClient(url=self.url)
        db = await client.create_proxy("db", "localhost:3306", protocol="mysql")
        self.assertEqual([each.name for each in await client.list_proxies()], ["db"])
        self.assertFalse(await db.toggle())
        async with db.with_behavior("hang") as same:
            self.assertIs(same, db)
            self.assertEqual(await db.get_behavior(), "hang")
        await db.add_toxic("latency", latency=1)
        self.assertEqual([each["type"] for each in await db.toxics()], ["latency"])
        await client.normal()
        self.assertEqual(await db.toxics(), [])
        await db.add_toxic("latency", latency=1)
        await db.normal()
        self.assertEqual(await db.toxics(), [])
        self.assertEqual((await client.find_proxy("db")).name, "db")
        await client.delete_proxy("db")
        with self.assertRaises(RequestRefused):
            await client.proxy("db").info()
