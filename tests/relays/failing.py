"""
A link on which errors meet some of the requests.
"""

from __future__ import annotations

from typing import Any

from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules


class FailingPair(Pair):
    """
    A client and a backend with a relay between them.
    """

    def __init__(self, wire: str, *rules: dict[str, Any], **more: Any) -> None:
        super().__init__(wire, **more)
        self.setRules(*rules)

    def setRules(self, *rules: dict[str, Any]) -> None:
        """
        Put these rules in force.
        """
        ruleBuilder = RuleBuilder(REGISTRY, wire=self.factory.wire)
        self.factory.setPlan(planFromRules(ruleBuilder, list(rules)))


def failing(when: dict[str, Any], **options: Any) -> dict[str, Any]:
    """
    The rule that C{error} meets all that C{when} says.
    """
    return {"behavior": "error", "when": when, "options": options}
