"""
Tests for C{docs/http2.rst}: what it shows of behaviors and rules is accepted.
"""

from __future__ import annotations

import json
import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.support import REGISTRY
from tests.test_docs import DOCS, at
from vaurien_twisted.ctl import main as ctl
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules

PAGE = (DOCS / "http2.rst").read_text(encoding="utf-8")

#: What stands for a value on the page, and a value.
VALUES = {"=N": "=3", ":CODE": ":ENHANCE_YOUR_CALM"}


#: What the page says of C{--protocol-http-http2}.
MODES = ("read", "prior-knowledge", "opaque")


def terms() -> list[str]:
    """
    The behaviors with options in front of the paragraphs, and those that C{grpcio} meets.
    """
    lines = re.findall(r"^``.+(?=\n   \S)", PAGE, re.MULTILINE)
    found = [term for line in lines for term in re.findall(r"``(.+?)``", line)]
    found += re.findall(r"^``(\S+)``  +\S", PAGE, re.MULTILINE)
    for written, value in VALUES.items():
        found = [term.replace(written, value) for term in found]
    return found


class PageTests(SynchronousTestCase):
    """
    What can be pasted, or typed as it stands.
    """

    def setUp(self) -> None:
        self.builder = RuleBuilder(REGISTRY, wire=REGISTRY.wires["http"])

    def behave(self, term: str) -> None:
        """
        Give it to C{set-behavior}.
        """
        words = term.split(" ")
        if words[0] not in REGISTRY.behaviors:
            # A code, as of the second of two forms.
            code = term if "=" in term else f"code={term}"
            words = ["error", code]
        with at(term):
            parsed: Any = ctl.parse(["set-behavior", *words])
            self.builder.one(parsed.name, parsed.options)

    def test_terms(self) -> None:
        """
        Each behavior and each code.
        """
        found = [term for term in terms() if term not in MODES]
        self.assertGreater(len(found), 25)
        for term in found:
            self.behave(term)

    def test_rules(self) -> None:
        """
        Each rule.
        """
        found = re.findall(r"::\n\n((?:   .*\n)+)", PAGE)
        rules = [text for text in found if text.lstrip().startswith("{")]
        self.assertGreater(len(rules), 1)
        for text in rules:
            with at(text):
                planFromRules(self.builder, [json.loads(text)])
