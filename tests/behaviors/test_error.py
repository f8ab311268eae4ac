"""
Tests for L{vaurien_twisted.behaviors.error}.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.behaviors.support import REGISTRY, context, decide, httpExchange
from vaurien_twisted.behaviors.error import GARBAGE, INJECTED
from vaurien_twisted.model.commands import PASS, Actions, ConnectionFate, Insert, Reply, Truncate
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
        actions = decide("error", context("http", exchange=exchange))
        [reply] = actions.request
        assert isinstance(reply, Reply)
        wire = REGISTRY.wire("http")
        transientErrors = {
            str(error.code): wire.encodeError(exchange, error)
            for error in wire.transientErrors(exchange)
        }
        self.assertEqual(reply, transientErrors[actions.effect.removeprefix("error ")])
        self.assertEqual(actions.reply, ())

    def test_choiceVaries(self) -> None:
        """
        Every fitting error comes up under some seed.
        """
        exchange = httpExchange()
        wire = REGISTRY.wire("http")
        seen = {
            decide("error", context("http", exchange=exchange, seed=seed)).effect
            for seed in range(100)
        }
        self.assertEqual(seen, {f"error {error.code}" for error in wire.transientErrors(exchange)})

    def test_tcp(self) -> None:
        """
        Where the protocol cannot say it, random bytes replace the backend's reply.
        """
        actions = decide("error")
        [reply] = actions.reply
        assert isinstance(reply, Reply)
        self.assertEqual(len(reply.data), GARBAGE)
        self.assertEqual(actions.request, ())

    def test_inject(self) -> None:
        """
        With C{inject} the backend's reply keeps its bytes and gets random ones added.
        """
        actions = decide("error", inject=True)
        [insert] = actions.reply
        assert isinstance(insert, Insert)
        self.assertEqual(len(insert.data), INJECTED)

    def test_injectIntoHTTP(self) -> None:
        """
        C{http} answers 50x even with C{inject}, as it always did.
        """
        of = context("http", exchange=httpExchange())
        self.assertEqual(decide("error", of, inject=True), decide("error", of))

    def test_injectIntoOthers(self) -> None:
        """
        A protocol other than C{http} that has errors injects all the same.
        """
        greeting = Exchange(0, "connect")
        actions = decide("error", context("mysql", exchange=greeting), inject=True)
        self.assertIsInstance(actions.reply[0], Insert)

    def test_warmup(self) -> None:
        """
        The first requests pass, the next does not.
        """
        self.assertIs(decide("error", context(number=2), warmup=3), PASS)
        self.assertIsNot(decide("error", context(number=3), warmup=3), PASS)

    def test_seed(self) -> None:
        """
        The random bytes are those of the decision: another seed, other bytes.
        """
        self.assertEqual(decide("error", context(seed=1)), decide("error", context(seed=1)))
        self.assertNotEqual(decide("error", context(seed=1)), decide("error", context(seed=2)))


class CodeTests(SynchronousTestCase):
    """
    C{code}: which error it is.
    """

    def test_preset(self) -> None:
        """
        The real server's words, whether or not it is one to try again after.
        """
        for code, words in (("busy", "try again"), ("gone", "no more")):
            actions = decide("error", context("lines"), code=code)
            [reply] = actions.request
            assert isinstance(reply, Reply)
            self.assertEqual(reply.data, f"-{code} {words}\n".encode())
            self.assertEqual((actions.reply, actions.effect), ((), f"error {code}"))

    def test_own(self) -> None:
        """
        A code that the protocol can say, in words of one's own.
        """
        [reply] = decide("error", context("lines"), code="e77", message="ouch").request
        assert isinstance(reply, Reply)
        self.assertEqual(reply.data, b"-e77 ouch\n")

    def test_message(self) -> None:
        """
        Other words for a preset, and for whichever is chosen without a code.
        """
        for options in ({"code": "busy"}, {}):
            [reply] = decide("error", context("lines"), message="ouch", **options).request
            assert isinstance(reply, Reply)
            self.assertEqual(reply.data, b"-busy ouch\n")

    def test_unsaid(self) -> None:
        """
        A request to which the error cannot be said passes; it is not garbled instead.
        """
        of = context("lines", exchange=Exchange(1, "QUIET", replies=False))
        self.assertIs(decide("error", of, code="busy"), PASS)
        self.assertIs(decide("error", of), PASS)

    def test_inject(self) -> None:
        """
        A code counts over C{inject}.
        """
        actions = decide("error", context("lines"), code="busy", inject=True)
        self.assertEqual(actions.effect, "error busy")


class PlaceTests(SynchronousTestCase):
    """
    C{at}: where it strikes.
    """

    def test_reply(self) -> None:
        """
        The backend acts, and its reply is replaced by what would have been said in its place.
        """
        at_request = decide("error", context("lines"), code="gone")
        actions = decide("error", context("lines"), code="gone", at="reply")
        self.assertEqual(actions.reply, at_request.request)
        self.assertEqual(actions.request, ())
        self.assertEqual(actions.effect, "reply: error gone")

    def test_partial(self) -> None:
        """
        The reply is cut after bytes or units, and the connection closed or reset.
        """
        for options, cut in (
            ({}, Truncate(0, False, ConnectionFate.CLOSE)),
            ({"count": 10}, Truncate(10, False, ConnectionFate.CLOSE)),
            ({"count": 2, "unit": "units"}, Truncate(2, True, ConnectionFate.CLOSE)),
            ({"count": 2, "then": "reset"}, Truncate(2, False, ConnectionFate.RESET)),
        ):
            actions = decide("error", context("lines"), at="partial", **options)
            self.assertEqual(actions, Actions(reply=(cut,)))

    def test_noReply(self) -> None:
        """
        Where there is no reply, none is replaced or cut.
        """
        exchange = Exchange(1, "GET", replies=False)
        for at in ("reply", "partial"):
            self.assertIs(decide("error", context("lines", exchange=exchange), at=at), PASS)

    def test_greeting(self) -> None:
        """
        The connection is refused in place of the greeting.
        """
        of = context("lines", exchange=Exchange(0, "connect", unasked=True))
        [reply] = decide("error", of, at="greeting", code="busy").request
        self.assertEqual(reply, Reply(b"-busy try again\n", ConnectionFate.CLOSE))

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
            met = [error.applies(built, Exchange(number)) for number in (0, 1)]
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
        comes, fields without a value; C{transient} is as strict.
        """
        for name in ("error", "transient"):
            fault, words = self.refused(name, "lines", code="bus y")
            self.assertEqual(fault, "code")
            self.assertIn("did you mean 'busy'?", words)
            fault, words = self.refused(name, "tcp", code="1213")
            self.assertIn("'tcp' has no error '1213'", words)
            self.assertEqual(self.refused(name, "tcp", unit="units")[0], "unit")
            self.assertEqual(self.refused(name, "http", at="greeting")[0], "at")
            for value in (None, True, ["a"], {"a": "b"}):
                fault, words = self.refused(name, "http", headers={"Retry-After": value})
                self.assertEqual(fault, "headers")
                self.assertIn("'Retry-After': it must be a text or a number", words)

    def test_accepted(self) -> None:
        """
        What makes sense is not refused.
        """
        for name in ("error", "transient"):
            behavior = REGISTRY.behavior(name)
            for wire, options in (
                ("lines", {"code": "busy", "unit": "units", "at": "greeting"}),
                ("tcp", {"at": "partial", "count": 5}),
                ("http", {"code": "503", "headers": {"Retry-After": 5, "Server": "x"}}),
            ):
                behavior.check(behavior.options(**options), REGISTRY.wire(wire))
