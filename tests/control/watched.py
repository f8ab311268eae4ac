"""
The observing APIs of a proxy in memory.
"""

from __future__ import annotations

from typing import Any

from tests.control.support import Asker
from tests.seen import SeenProxy
from vaurien_twisted.control.request_counter import RequestCounter
from vaurien_twisted.control.site import ControlRoot, observingAPIs


def watched(*rules: dict[str, Any]) -> tuple[SeenProxy, Asker]:
    """
    A proxy with rules, and a client of its APIs.
    """
    seen = SeenProxy(*rules)
    requests = RequestCounter()
    seed = seen.proxy.decider.seed
    apis = observingAPIs(seen.clock, lambda: [seen.proxy], seen.journal, requests, seed)
    return seen, Asker(ControlRoot(apis, [], requests))
