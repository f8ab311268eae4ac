"""
Tests of the numbered list of pitfalls: each has a test whose name bears its number.
"""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "pitfalls.rst"


class PitfallTests(SynchronousTestCase):
    """
    The page and the tests agree.
    """

    def test_numbers(self) -> None:
        """
        The numbers of the page follow each other; they are those that tests bear.
        """
        listed = [int(n) for n in re.findall(r"^(\d+)\. \*", PAGE.read_text(), re.MULTILINE)]
        self.assertEqual(listed, list(range(1, len(listed) + 1)))
        borne: set[int] = set()
        for path in TESTS.rglob("test_*.py"):
            for name in re.findall(r"def (test_\w+)", path.read_text()):
                borne.update(int(n) for n in re.findall(r"pitfall(\d+)", name))
        self.assertEqual(borne, set(listed))
