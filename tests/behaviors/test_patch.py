"""
Tests for L{vaurien_twisted.behaviors.patch}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.ruled import LINES
from tests.wire.http.editing import BUILDER
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.codec import planFromRules


class PatchTests(SynchronousTestCase):
    """
    What is refused, and why.
    """

    def refused(self, reason: str, builder: Any = BUILDER, **options: Any) -> None:
        """
        A rule with these options is refused for a reason.
        """
        with self.assertRaisesRegex(Refused, reason):
            planFromRules(builder, [{"behavior": "patch", "options": options}])

    def test_refused(self) -> None:
        """
        Each refusal names the cause and what would be accepted.
        """
        self.refused("has no replies to patch: use protocol http", LINES, status=500)
        self.refused("changes nothing: set at least one of status, headers, json and replace")
        self.refused("changes nothing", status=0, headers={}, json={})
        self.refused("use 200 to 599, or 0", status=101)
        self.refused("is not a valid name of a header field", headers={"a b": "c"})
        self.refused("Vaurien sets it to fit the body", headers={"Content-Length": "3"})
        self.refused("must be a line of text, or null", headers={"A": "b\r\nc: d"})
        self.refused("write /a/b", json={"a/b": 1})
        self.refused("is not a regular expression", replace={"(": ""})
        self.refused("look-ahead", replace={"a(?=b)": ""})
        self.refused("must be text", replace={"a": 1})
        self.refused("too many changes", replace={f"a{each}": "" for each in range(101)})
