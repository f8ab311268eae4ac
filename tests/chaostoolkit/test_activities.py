"""
Tests for the activities and the control, against a service on loopback.
"""

from __future__ import annotations

import os
from typing import Any

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase

from tests.client.service_case import ServiceCase
from tests.integration.support import optional
from tests.ports import freePort
from vaurien_twisted import discover
from vaurien_twisted.chaostoolkit import actions, probes
from vaurien_twisted.client.blocking import Client, ClientError

if optional("chaoslib"):
    from chaoslib.exceptions import InterruptExecution

    from vaurien_twisted.chaostoolkit import controls

SKIP = None if optional("chaoslib") else "chaostoolkit is not installed"

SLOW: dict[str, Any] = {"proxy": "db", "behavior": "delay", "name": "slow"}


class ActivitiesTests(ServiceCase):
    """
    Outside an experiment.
    """

    def at(self) -> dict[str, Any]:
        """
        The experiment's configuration.
        """
        return {"configuration": {"vaurien_url": self.url}}

    async def test_proxies(self) -> None:
        """
        Proxies are created, disabled, enabled, pointed elsewhere and deleted.
        """

        def use() -> None:
            at = self.at()
            made = actions.create_proxy("db", "127.0.0.1:1", protocol="redis", **at)
            self.assertEqual((made["name"], made["protocol"]), ("db", "redis"))
            self.assertTrue(probes.proxy_enabled("db", **at))
            actions.disable_proxy("db", **at)
            self.assertFalse(probes.proxy_enabled("db", **at))
            actions.enable_proxy("db", **at)
            actions.set_backend("db", "127.0.0.1:2", **at)
            self.assertEqual(Client(url=self.url).proxy("db").get_backend(), "127.0.0.1:2")
            actions.delete_proxy("db", **at)
            self.assertEqual(Client(url=self.url).list_proxies(), [])

        await deferToThread(use)

    async def test_faults(self) -> None:
        """
        Faults are added with a name, counted and removed; one that had to strike says why not.
        """

        def use() -> None:
            at = self.at()
            actions.create_proxy("db", "127.0.0.1:1", **at)
            options, rule = {"sleep": "2s"}, {"percent": 10, "for": "1m"}
            added = actions.add_fault(**SLOW, options=options, rule=rule, **at)
            self.assertEqual((added["options"]["sleep"], added["for"]), (2.0, 60.0))
            self.assertEqual(probes.rules("db", **at), [added])
            self.assertEqual(probes.fault_struck("db", "slow", **at), 0)
            with self.assertRaisesRegex(ClientError, r"no fault 'swol' in force, only: slow"):
                probes.fault_struck("db", "swol", **at)
            self.assertEqual(actions.remove_fault("db", "slow", **at)["seen"], 0)
            actions.add_fault(**SLOW, **at)
            with self.assertRaisesRegex(ClientError, "never struck: 0 exchanges were seen"):
                actions.remove_fault("db", "slow", may_miss=False, **at)
            toxic = actions.add_toxic("db", "latency", attributes={"latency": 5}, **at)
            self.assertEqual(toxic["attributes"]["latency"], 5)
            actions.remove_toxic("db", "latency_downstream", **at)
            self.assertEqual(probes.rules("db", **at), [])
            for words in ({"proxy": "db"}, {}):
                actions.add_fault(**SLOW, **at)
                actions.normal(**words, **at)
                self.assertEqual(probes.rules("db", **at), [])

        await deferToThread(use)

    async def test_figures(self) -> None:
        """
        Without exchanges there is no duration; unknown proxies and shares are refused.
        """

        def use() -> None:
            at = self.at()
            actions.create_proxy("db", "127.0.0.1:1", **at)
            self.assertEqual(probes.exchanges("db", **at), 0)
            self.assertEqual(probes.open_connections("db", **at), 0)
            with self.assertRaisesRegex(ClientError, "'db' has relayed no exchange"):
                probes.duration("db", **at)
            with self.assertRaisesRegex(ClientError, r"no proxy 'bd', only: db"):
                probes.exchanges("bd", **at)
            for share in (0, 99):
                with self.assertRaisesRegex(ValueError, "above 0 and at most 1"):
                    probes.duration("db", share, **at)

        await deferToThread(use)

    async def test_place(self) -> None:
        """
        The URL of an activity counts before that of the configuration, and this before the
        environment's.
        """
        nowhere = f"http://127.0.0.1:{freePort()}"
        self.patch(os, "environ", {**os.environ, "VAURIEN_URL": nowhere})

        def use() -> None:
            self.assertFalse(probes.healthy())
            self.assertTrue(probes.healthy(**self.at()))
            self.assertFalse(probes.healthy(nowhere, **self.at()))
            self.assertTrue(probes.healthy(self.url, {"vaurien_url": nowhere}))

        await deferToThread(use)


class ControlTests(ServiceCase):
    """
    Within an experiment.
    """

    skip = SKIP

    async def test_lifted(self) -> None:
        """
        What the experiment has set is lifted at its end, what others have set stays, and its
        journal has what was set.
        """

        def use() -> None:
            client = Client(url=self.url)
            own = client.create_proxy("db", "127.0.0.1:1")
            own.add_rule({"behavior": "hang", "name": "own"})
            at = {"configuration": {"vaurien_url": self.url}}
            controls.before_experiment_control({}, lease=60.0, **at)
            actions.add_fault(**SLOW, **at)
            actions.add_toxic("db", "latency", **at)
            actions.set_backend("db", "127.0.0.1:2", **at)
            actions.disable_proxy("db", **at)
            actions.create_proxy("other", "127.0.0.1:1", **at)
            actions.create_proxy("gone", "127.0.0.1:1", **at)
            actions.delete_proxy("gone", **at)
            state: dict[str, Any] = {}
            controls.after_experiment_control({}, state, lease=60.0, **at)
            self.assertEqual([rule["name"] for rule in own.get_rules()], ["own"])
            info = own.info()
            self.assertEqual((info["toxics"], info["enabled"]), ([], True))
            self.assertEqual(info["upstream"], "127.0.0.1:1")
            self.assertEqual([proxy.name for proxy in client.list_proxies()], ["db"])
            [told] = state["vaurien"]
            self.assertEqual(told["url"], self.url)
            self.assertGreater(len(told["journal"]), 3)

        await deferToThread(use)

    async def test_gone(self) -> None:
        """
        Without a Vaurien the experiment does not begin; one that ends meanwhile is an error in
        the log.
        """

        def use() -> None:
            at = {"configuration": {"vaurien_url": f"http://127.0.0.1:{freePort()}"}}
            with self.assertRaisesRegex(InterruptExecution, "no answer from"):
                controls.before_experiment_control({}, **at)
            controls.after_experiment_control({}, {}, **at)
            own = {"configuration": {"vaurien_url": self.url}}
            controls.before_experiment_control({}, **own)
            actions.create_proxy("db", "127.0.0.1:1", **own)
            Client(url=self.url).delete_proxy("db")
            with self.assertLogs("chaostoolkit") as caught:
                controls.after_experiment_control({}, {}, **own)
            self.assertIn("Cannot restore the state of Vaurien: proxy not found", caught.output[0])

        await deferToThread(use)


class DiscoveryTests(SynchronousTestCase):
    """
    What C{chaos discover} lists.
    """

    skip = SKIP

    def test_all(self) -> None:
        """
        All activities, with the types of their arguments.
        """
        found = {each["name"]: each for each in discover()["activities"]}
        self.assertEqual(set(found), {*actions.__all__, *probes.__all__})
        self.assertEqual(found["duration"]["type"], "probe")
        self.assertEqual(found["duration"]["return_type"], "number")
        self.assertEqual(
            found["disable_proxy"]["arguments"][0], {"name": "proxy", "type": "string"}
        )
