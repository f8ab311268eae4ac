# -*- test-case-name: tests.chaostoolkit.test_activities -*-
"""
What C{chaos discover vaurien-twisted} lists.
"""

from __future__ import annotations

from chaoslib.discovery.discover import (
    discover_actions,
    discover_probes,
    initialize_discovery_result,
)

from vaurien_twisted import __version__
from vaurien_twisted.model.json_types import Answer


def discovered() -> Answer:
    """
    The actions and probes, in Chaos Toolkit's form.
    """
    result: Answer = initialize_discovery_result("vaurien-twisted", __version__, "vaurien")
    result["activities"] += discover_actions("vaurien_twisted.chaostoolkit.actions")
    result["activities"] += discover_probes("vaurien_twisted.chaostoolkit.probes")
    return result
