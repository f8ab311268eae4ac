"""
Tests for L{vaurien_twisted.experiments.passed}.
"""

from __future__ import annotations

import time
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.client.aio import AsyncClient
from vaurien_twisted.client.common import RequestRefused
from vaurien_twisted.experiments.passed import PATIENCE, PassedOf


class Told:
    """
    A client that returns passed exchanges.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.passed: list[dict[str, Any]] = []
        self.refuses = False

    def add(self, number: int, came: float, **timing: object) -> None:
        """
        An exchange has passed.
        """
        self.passed.append({"id": number, "timing": {"came": came, **timing}})

    async def request(self, method: str, path: str, body: object = None) -> Any:
        """
        The exchanges after the id in the request.
        """
        self.asked.append(path)
        if self.refuses:
            raise RequestRefused(404, "no such path")
        since = int(path.partition("since=")[2])
        last = max([0, *(each["id"] for each in self.passed)])
        return {"passed": [each for each in self.passed if each["id"] > since], "last": last}


class PassedOfTests(SynchronousTestCase):
    """
    L{PassedOf}.
    """

    def setUp(self) -> None:
        self.told = Told()
        self.passed = PassedOf(cast(AsyncClient, self.told))

    def new(self) -> list[Any]:
        """
        The ids of the new ones.
        """
        asked = self.passed.new(["proxy"])
        return [each["id"] for each in self.successResultOf(Deferred.fromCoroutine(asked))]

    def test_once(self) -> None:
        """
        Each is returned once, when it has ended or is very old; earlier ones are not.
        """
        told, now = self.told, time.time()
        told.add(1, now, duration=1.0)
        self.assertEqual(self.new(), [])
        told.add(2, now)
        told.add(3, now, duration=1.0)
        told.add(4, now - PATIENCE - 1)
        self.assertEqual(self.new(), [3, 4])
        self.assertEqual(self.new(), [])
        self.assertTrue(told.asked[-1].endswith("since=1"))
        told.passed[1]["timing"]["duration"] = 9.0
        self.assertEqual(self.new(), [2])
        self.assertEqual(self.new(), [])
        self.assertTrue(told.asked[-1].endswith("since=4"))

    def test_older(self) -> None:
        """
        A service without that path gets no further request.
        """
        self.told.refuses = True
        self.assertEqual((self.new(), self.new()), ([], []))
        self.assertEqual(len(self.told.asked), 1)
