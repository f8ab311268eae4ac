"""
Tests for L{vaurien_twisted.behaviors.error}.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.support import REGISTRY, httpExchange, occasion, treat
from vaurien_twisted.behaviors.error import GARBAGE, INJECTED
from vaurien_twisted.model.commands import PASS, Insert, Reply, Then, Treatment, Truncate
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused


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


class CodeTests(SynchronousTestCase):
    """
    C{code}: which error it is.
    """

    def test_preset(self) -> None:
        """
        The real server's words, whether or not it is one to try again after.
        """
        for code, words in (("busy", "try again"), ("gone", "no more")):
            treatment = treat("error", occasion("lines"), code=code)
            [reply] = treatment.request
            assert isinstance(reply, Reply)
            self.assertEqual(reply.data, f"-{code} {words}\n".encode())
            self.assertEqual((treatment.reply, treatment.effect), ((), f"error {code}"))

    def test_own(self) -> None:
        """
        A code that the protocol can say, in words of one's own.
        """
        [reply] = treat("error", occasion("lines"), code="e77", message="ouch").request
        assert isinstance(reply, Reply)
        self.assertEqual(reply.data, b"-e77 ouch\n")

    def test_message(self) -> None:
        """
        Other words for a preset, and for whichever is chosen without a code.
        """
        for options in ({"code": "busy"}, {}):
            [reply] = treat("error", occasion("lines"), message="ouch", **options).request
            assert isinstance(reply, Reply)
            self.assertEqual(reply.data, b"-busy ouch\n")

    def test_unsaid(self) -> None:
        """
        A request to which the error cannot be said passes; it is not garbled instead.
        """
        of = occasion("lines", exchange=Exchange(1, "QUIET", replies=False))
        self.assertIs(treat("error", of, code="busy"), PASS)
        self.assertIs(treat("error", of), PASS)

    def test_inject(self) -> None:
        """
        A code counts over C{inject}.
        """
        treatment = treat("error", occasion("lines"), code="busy", inject=True)
        self.assertEqual(treatment.effect, "error busy")


class PlaceTests(SynchronousTestCase):
    """
    C{at}: where it strikes.
    """

    def test_reply(self) -> None:
        """
        The backend acts, and its reply is replaced by what would have been said in its place.
        """
        at_request = treat("error", occasion("lines"), code="gone")
        treatment = treat("error", occasion("lines"), code="gone", at="reply")
        self.assertEqual(treatment.reply, at_request.request)
        self.assertEqual(treatment.request, ())
        self.assertEqual(treatment.effect, "reply: error gone")

    def test_partial(self) -> None:
        """
        The reply is cut after bytes or units, and the connection closed or reset.
        """
        for options, cut in (
            ({}, Truncate(0, False, Then.CLOSE)),
            ({"count": 10}, Truncate(10, False, Then.CLOSE)),
            ({"count": 2, "unit": "units"}, Truncate(2, True, Then.CLOSE)),
            ({"count": 2, "then": "reset"}, Truncate(2, False, Then.RESET)),
        ):
            treatment = treat("error", occasion("lines"), at="partial", **options)
            self.assertEqual(treatment, Treatment(reply=(cut,)))

    def test_noReply(self) -> None:
        """
        Where there is no reply, none is replaced or cut.
        """
        exchange = Exchange(1, "GET", replies=False)
        for at in ("reply", "partial"):
            self.assertIs(treat("error", occasion("lines", exchange=exchange), at=at), PASS)

    def test_greeting(self) -> None:
        """
        The connection is refused in place of the greeting.
        """
        of = occasion("lines", exchange=Exchange(0, "connect", unasked=True))
        [reply] = treat("error", of, at="greeting", code="busy").request
        self.assertEqual(reply, Reply(b"-busy try again\n", Then.CLOSE))

    def test_meets(self) -> None:
        """
        Greetings are for C{greeting}, all else is for the other places; without a place
        or a code, both.
        """
        error = REGISTRY.behavior("error")
        for options, greeting, request in (
            ({"at": "greeting"}, True, False),
            ({"at": "greeting", "code": "busy"}, True, False),
            ({"code": "busy"}, False, True),
            ({"at": "reply"}, False, True),
            ({"at": "partial"}, False, True),
            ({}, True, True),
        ):
            built = error.options(**options)
            met = [error.meets(built, Exchange(number)) for number in (0, 1)]
            self.assertEqual(met, [greeting, request], options)


class CheckTests(SynchronousTestCase):
    """
    What is refused before it is in force.
    """

    def refused(self, name: str, wire: str, **options: object) -> tuple[str, str]:
        """
        Whose fault it is, and why.
        """
        behavior = REGISTRY.behavior(name)
        refused: Refused = self.assertRaises(
            Refused, behavior.check, behavior.options(**options), REGISTRY.wire(wire)
        )
        return refused.name, refused.description

    def test_refused(self) -> None:
        """
        A code that cannot be said, units where there are none, a greeting that never
        comes; C{transient} is as strict.
        """
        for name in ("error", "transient"):
            fault, words = self.refused(name, "lines", code="bus y")
            self.assertEqual(fault, "code")
            self.assertIn("did you mean 'busy'?", words)
            fault, words = self.refused(name, "tcp", code="1213")
            self.assertIn("'tcp' has no error '1213'", words)
            self.assertEqual(self.refused(name, "tcp", unit="units")[0], "unit")
            self.assertEqual(self.refused(name, "http", at="greeting")[0], "at")

    def test_accepted(self) -> None:
        """
        What makes sense is not refused.
        """
        for name in ("error", "transient"):
            behavior = REGISTRY.behavior(name)
            for wire, options in (
                ("lines", {"code": "busy", "unit": "units", "at": "greeting"}),
                ("tcp", {"at": "partial", "count": 5}),
                ("http", {"code": "503"}),
            ):
                behavior.check(behavior.options(**options), REGISTRY.wire(wire))
