"""
Tests for L{vaurien_twisted.behaviors.error}.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.support import REGISTRY, httpExchange, occasion, treat
from vaurien_twisted.behaviors.error import GARBAGE, INJECTED
from vaurien_twisted.commands import PASS, Insert, Reply
from vaurien_twisted.exchange import Exchange


class ErrorTests(SynchronousTestCase):
    """
    An error in the protocol's own words, or random bytes.
    """

    def test_inTheProtocol(self) -> None:
        """
        The backend never sees the request; the answer is one of the fitting errors.
        """
        exchange = httpExchange()
        treatment = treat("error", occasion("http", exchange=exchange))
        [reply] = treatment.request
        assert isinstance(reply, Reply)
        wire = REGISTRY.wire("http")
        fitting = {
            str(error.code): wire.refusal(exchange, error) for error in wire.fitting(exchange)
        }
        self.assertEqual(reply, fitting[treatment.effect.removeprefix("error ")])
        self.assertEqual(treatment.reply, ())

    def test_choiceVaries(self) -> None:
        """
        Every fitting error comes up under some seed.
        """
        exchange = httpExchange()
        wire = REGISTRY.wire("http")
        seen = {
            treat("error", occasion("http", exchange=exchange, seed=seed)).effect
            for seed in range(100)
        }
        self.assertEqual(seen, {f"error {error.code}" for error in wire.fitting(exchange)})

    def test_tcp(self) -> None:
        """
        Where the protocol cannot say it, random bytes replace the backend's reply.
        """
        treatment = treat("error")
        [reply] = treatment.reply
        assert isinstance(reply, Reply)
        self.assertEqual(len(reply.data), GARBAGE)
        self.assertEqual(treatment.request, ())

    def test_inject(self) -> None:
        """
        With C{inject} the backend's reply keeps its bytes and gets random ones added.
        """
        treatment = treat("error", inject=True)
        [insert] = treatment.reply
        assert isinstance(insert, Insert)
        self.assertEqual(len(insert.data), INJECTED)

    def test_injectIntoHTTP(self) -> None:
        """
        C{http} answers 50x even with C{inject}, as it always did.
        """
        of = occasion("http", exchange=httpExchange())
        self.assertEqual(treat("error", of, inject=True), treat("error", of))

    def test_injectIntoOthers(self) -> None:
        """
        A protocol other than C{http} that has errors injects all the same.
        """
        greeting = Exchange(0, "connect")
        treatment = treat("error", occasion("mysql", exchange=greeting), inject=True)
        self.assertIsInstance(treatment.reply[0], Insert)

    def test_warmup(self) -> None:
        """
        The first requests pass, the next does not.
        """
        self.assertIs(treat("error", occasion(number=2), warmup=3), PASS)
        self.assertIsNot(treat("error", occasion(number=3), warmup=3), PASS)

    def test_seed(self) -> None:
        """
        The random bytes are those of the decision: another seed, other bytes.
        """
        self.assertEqual(treat("error", occasion(seed=1)), treat("error", occasion(seed=1)))
        self.assertNotEqual(treat("error", occasion(seed=1)), treat("error", occasion(seed=2)))
