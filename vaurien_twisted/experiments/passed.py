# -*- test-case-name: tests.experiments.test_passed -*-
"""
The exchanges of a service that no fault affected, for the lists of a report.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from vaurien_twisted.client.aio import AsyncClient
from vaurien_twisted.client.common import RequestRefused

#: The age in seconds at which an exchange without a complete reply is listed.
PATIENCE = 60.0

Entry = Mapping[str, object]


class PassedOf:
    """
    Reads the exchanges that passed on some proxies of a service, each once, after its reply was
    sent.  A service keeps only the latest ones of each proxy, so that some may be missed.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._since: dict[str, int] = {}
        self._waiting: dict[str, set[int]] = {}
        self._known = True

    async def new(self, proxies: Sequence[str]) -> list[Entry]:
        """
        The exchanges that have ended since the last call, as entries of the kind C{passed}; none if
        the service does not list them.
        """
        return [entry for name in proxies for entry in await self._ofProxy(name)]

    async def _ofProxy(self, name: str) -> list[Entry]:
        if not self._known:
            return []
        last, waiting = self._since.get(name, 0), self._waiting.get(name, set())
        since = min(last, *(number - 1 for number in waiting)) if waiting else last
        query = urlencode({"proxy": name, "since": since})
        try:
            answer = await self._client.request("GET", f"/passed?{query}")
        except RequestRefused as refused:
            # An older service has no such path; a proxy may have been deleted meanwhile.
            self._known = refused.status != 404 or name in self._since
            return []
        begins = name not in self._since
        self._since[name] = int(answer["last"])
        left = self._waiting[name] = set[int]()
        found: list[Entry] = []
        now = time.time()
        for entry in answer["passed"]:
            number, timing = int(entry["id"]), entry["timing"]
            if begins or (number <= last and number not in waiting):
                continue
            if "duration" in timing or now - timing["came"] > PATIENCE:
                found.append({**entry, "kind": "passed", "time": timing["came"]})
            else:
                left.add(number)
        return found
