"""
Tests for L{vaurien_twisted.behaviors.transient}.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.support import REGISTRY, context, decide
from vaurien_twisted.model.commands import PASS
from vaurien_twisted.model.exchange import Exchange


class TransientTests(SynchronousTestCase):
    """
    Errors at first, then success.
    """

    def failing(self, **options: int) -> list[int]:
        """
        Which of the first ten requests fail.
        """
        return [n for n in range(10) if decide("transient", context(number=n), **options) != PASS]

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
        of = context()
        self.assertEqual(decide("transient", of), decide("error", of))
        self.assertEqual(decide("transient", of, inject=True), decide("error", of, inject=True))
        of = context("lines")
        for options in ({"code": "gone"}, {"at": "reply"}, {"at": "partial", "count": 3}):
            self.assertEqual(decide("transient", of, **options), decide("error", of, **options))
            self.assertIs(decide("transient", context("lines", 1), **options), PASS)

    def test_meets(self) -> None:
        """
        It is for the exchanges that C{error} is for.
        """
        for options in ({}, {"code": "busy"}, {"at": "greeting"}):
            met = []
            for name in ("error", "transient"):
                behavior = REGISTRY.behavior(name)
                built = behavior.options(**options)
                met.append([behavior.applies(built, Exchange(number)) for number in (0, 1)])
            self.assertEqual(met[0], met[1])
            self.assertIn(True, met[0])
