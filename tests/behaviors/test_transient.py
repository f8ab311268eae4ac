"""
Tests for L{vaurien_twisted.behaviors.transient}.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.support import occasion, treat
from vaurien_twisted.commands import PASS


class TransientTests(SynchronousTestCase):
    """
    Errors at first, then success.
    """

    def failing(self, **options: int) -> list[int]:
        """
        Which of the first ten requests fail.
        """
        return [n for n in range(10) if treat("transient", occasion(number=n), **options) != PASS]

    def test_defaults(self) -> None:
        """
        Only the first.
        """
        self.assertEqual(self.failing(), [0])

    def test_agitate(self) -> None:
        """
        As many as are said, none where none are.
        """
        self.assertEqual(self.failing(agitate=3), [0, 1, 2])
        self.assertEqual(self.failing(agitate=0), [])

    def test_warmup(self) -> None:
        """
        Those that pass before them do not count.
        """
        self.assertEqual(self.failing(agitate=2, warmup=4), [4, 5])

    def test_failsAsErrorDoes(self) -> None:
        """
        The failure is that of C{error} on the same occasion.
        """
        of = occasion()
        self.assertEqual(treat("transient", of), treat("error", of))
        self.assertEqual(treat("transient", of, inject=True), treat("error", of, inject=True))
