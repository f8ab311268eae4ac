"""
What every behavior and every wire protocol must keep to, our own and those of plugins.

A case is generated for each provider that L{loadRegistry} finds, so a new one is met
without a word here.
"""

from __future__ import annotations

import inspect
import random
import re
import typing
from collections.abc import Iterator
from typing import Any

import attrs
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.behaviors.support import httpExchange
from vaurien_twisted.interfaces import (
    IBehavior,
    IFixedActions,
    IFramer,
    IStreamBehavior,
    IWireProtocol,
)
from vaurien_twisted.model.commands import Actions, Command, ConnectionFate, Reply
from vaurien_twisted.model.decision import NOTHING, DecisionContext, SeededRandom
from vaurien_twisted.model.exchange import Connection, Exchange, FramingError, Piece
from vaurien_twisted.model.options import specs
from vaurien_twisted.rules.registry import loadRegistry

COMMANDS = typing.get_args(Command)

REGISTRY = loadRegistry()

#: The first words of a client of each protocol we know some of, to make exchanges from.
#: A protocol that is not named here is met with its greeting, or with these all.
OPENINGS: dict[str, list[bytes]] = {
    "http": [
        b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n",
        b"HEAD / HTTP/1.0\r\n\r\n",
        b"POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    ],
    "redis": [b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", b"PING\r\n"],
    "memcache": [b"get key\r\n", b"set key 0 0 3\r\nabc\r\n", b"version\r\n"],
    "postgresql": [b"\0\0\0\x11\0\3\0\0user\0me\0\0"],
    "smtp": [b"EHLO me\r\n"],
    "tcp": [b"anything"],
}


def exchanges(wire: IWireProtocol) -> Iterator[Exchange]:
    """
    Plausible exchanges of a protocol: its greeting if it has one, and whatever its
    framer makes of the openings.
    """
    if wire.greets:
        yield Exchange(0, "connect")
    own = OPENINGS.get(wire.name)
    every = [words for each in OPENINGS.values() for words in each]
    for words in every if own is None else own:
        framer = wire.framer(wire.options(), "localhost:1")
        if wire.greets:
            framer.expect(Exchange(0, "connect"))
        try:
            for exchange, _, _ in framer.fromClient(words):
                if exchange is not None:
                    yield exchange
        except FramingError:
            continue


def optionInstances(options: type) -> Iterator[Any]:
    """
    The defaults, and for each option the values at its bounds and of its choices.
    """
    yield options()
    for name, spec in specs(options).items():
        edges: list[Any] = [
            spec.kind(bound) for bound in (spec.minimum, spec.maximum) if bound is not None
        ]
        edges += spec.choices
        if spec.kind is bool:
            edges += [True, False]
        for edge in edges:
            yield options(**{name: edge})


def occasions(number: int = 0) -> Iterator[DecisionContext]:
    """
    An occasion for each exchange of each protocol.
    """
    for wire in REGISTRY.wires.values():
        for exchange in exchanges(wire):
            chance = SeededRandom(7, "proxy", 1, exchange.number, 0)
            yield DecisionContext(Connection(1, "127.0.0.1"), exchange, wire, number, chance)


class OptionsContract:
    """
    The declarations of a provider's options.
    """

    provider: Any

    def test_name(self: Any) -> None:
        """
        The name is lower case, digits, dashes and underscores, and fits in a command-line option.
        """
        self.assertRegex(self.provider.name, r"\A[a-z][a-z0-9]*([-_][a-z0-9]+)*\Z")

    def test_described(self: Any) -> None:
        """
        The class has words of its own for users.
        """
        text = inspect.getdoc(type(self.provider)) or ""
        self.assertGreater(len(text.split()), 1, f"{self.provider.name} has no description")

    def test_options(self: Any) -> None:
        """
        Every option is declared by C{option()}, frozen, with a description that is a
        sentence and a default that would be accepted.
        """
        cls = self.provider.options
        for field in attrs.fields(cls):
            self.assertIn("vaurien", field.metadata, f"{field.name} is not made by option()")
        for name, spec in specs(cls).items():
            self.assertRegex(name, r"\A[a-z][a-z0-9_]*\Z")
            self.assertRegex(spec.description, r"\A[^a-z\s].*[.?!]\Z")
            default = getattr(cls(), name)
            if default is not None:
                self.assertEqual(spec.convert(default), default)
        for made in optionInstances(cls):
            self.assertEqual(made, attrs.evolve(made))
            self.assertIsInstance(hash(made) if not self.unhashable(cls) else 0, int)

    def unhashable(self: Any, cls: type) -> bool:
        """
        Whether an option is an object, which has no hash.
        """
        return any(spec.kind is dict for spec in specs(cls).values())

    def test_noState(self: Any) -> None:
        """
        The instance holds nothing of its own that could leak between proxies.
        """
        self.assertEqual(getattr(self.provider, "__dict__", {}), {})


class BehaviorContract(OptionsContract):
    """
    What every behavior of exchanges keeps to.
    """

    def test_provides(self: Any) -> None:
        """
        It provides L{IBehavior}, and L{IFixedActions} if it has C{actions}.
        """
        self.assertTrue(verifyObject(IBehavior, self.provider))
        self.assertIsInstance(self.provider.connections, bool)
        fixed = IFixedActions.providedBy(self.provider)
        self.assertEqual(fixed, hasattr(self.provider, "actions"))
        if fixed:
            self.assertTrue(verifyObject(IFixedActions, self.provider))
            for options in optionInstances(self.provider.options):
                for context in occasions():
                    found = self.provider.decide(options, context)
                    self.assertEqual(found, self.provider.actions(options))

    def test_pure(self: Any) -> None:
        """
        The same occasion gives the same treatment, of frozen commands only, whatever
        the exchange, the protocol and the options; and leaves nothing behind.
        """
        met = 0
        for options in optionInstances(self.provider.options):
            for number in (0, 1, 5):
                for context in occasions(number):
                    first = self.provider.decide(options, context)
                    again = self.provider.decide(options, attrs.evolve(context))
                    self.assertIsInstance(first, Actions)
                    self.assertEqual(first, again)
                    for command in first.request + first.reply:
                        self.assertIsInstance(command, COMMANDS)
                    self.assertIsNone(context.exchange.decision)
                    met += 1
        self.assertGreater(met, 2 * len(REGISTRY.wires))
        self.assertEqual(getattr(self.provider, "__dict__", {}), {})


class StreamBehaviorContract(OptionsContract):
    """
    What every stream behavior keeps to.
    """

    def test_provides(self: Any) -> None:
        """
        It provides L{IStreamBehavior}, and its options have a direction.
        """
        self.assertTrue(verifyObject(IStreamBehavior, self.provider))
        self.assertIsInstance(self.provider.listens, bool)
        self.assertEqual(self.provider.options().direction, "both")


class WireContract(OptionsContract):
    """
    What every wire protocol keeps to.
    """

    def test_provides(self: Any) -> None:
        """
        It provides L{IWireProtocol}, its framers L{IFramer}, a new one each time.
        """
        wire = self.provider
        self.assertTrue(verifyObject(IWireProtocol, wire))
        first, second = (wire.framer(wire.options(), "localhost:1") for _ in range(2))
        self.assertIsNot(first, second)
        self.assertTrue(verifyObject(IFramer, first))
        self.assertEqual(first.opaque, "")
        self.assertIsInstance(first.turns, bool)
        self.assertIsInstance(wire.greets, bool)

    def test_aliases(self: Any) -> None:
        """
        No alias is another protocol's name.
        """
        for alias in self.provider.aliases:
            self.assertIs(REGISTRY.wire(alias), self.provider)
            self.assertNotIn(alias, REGISTRY.wires)

    def test_errors(self: Any) -> None:
        """
        Every preset is listed under its code, with a sentence and the server's words, if
        it has any.
        """
        for code, error in self.provider.errors.items():
            self.assertEqual(error.code, code)
            self.assertTrue(code and code == code.strip(), code)
            self.assertEqual(error.message, error.message.strip(), code)
            self.assertTrue(error.description.strip().endswith("."), code)
            self.assertNotRegex(error.message, r"[\r\n]")

    def test_fitting(self: Any) -> None:
        """
        What fits an exchange is among the presets, can be tried again after, and can
        be said: C{error} without a code relies on it.
        """
        met = 0
        for exchange in exchanges(self.provider):
            met += 1
            for error in self.provider.transientErrors(exchange):
                self.assertEqual(self.provider.errors.get(error.code), error)
                self.assertTrue(error.transient, error.code)
                self.assertIsNotNone(self.provider.encodeError(exchange, error), error.code)
        self.assertGreater(met, 0)

    def test_refusals(self: Any) -> None:
        """
        Every preset is a reply, the same each time, or cannot be said.  One without a
        byte ends the connection.
        """
        for exchange in exchanges(self.provider):
            for error in self.provider.errors.values():
                reply = self.provider.encodeError(exchange, error)
                self.assertEqual(reply, self.provider.encodeError(exchange, error))
                if reply is not None:
                    self.assertIsInstance(reply, Reply)
                    self.assertIsInstance(reply.data, bytes)
                    self.assertTrue(reply.data or reply.then is ConnectionFate.CLOSE, error.code)

    def test_losesNothing(self: Any) -> None:
        """
        Of random garbage, in parts of any size, every byte comes out once and in order,
        from either side.
        """
        source = random.Random(20)
        for size in (1, 2, 7, 100, 5000):
            for backend in (False, True):
                for _ in range(5):
                    garbage = source.randbytes(source.randrange(1, 5000))
                    self.assertEqual(self.passed(garbage, size, backend), garbage)

    def test_losesNoWords(self: Any) -> None:
        """
        The same of sensible words, cut off at any place, and of another protocol's.
        """
        for words in (word for each in OPENINGS.values() for word in each):
            for end in range(1, len(words) + 1):
                for backend in (False, True):
                    self.assertEqual(self.passed(words[:end], 3, backend), words[:end])

    def passed(self: Any, data: bytes, size: int, backend: bool) -> bytes:
        """
        What comes out of a framer for C{data}, which goes in by parts and then ends.
        """
        framer = self.provider.framer(self.provider.options(), "localhost:1")
        if self.provider.greets:
            framer.expect(Exchange(0, "connect"))
        out = []

        def take(pieces: Iterator[Piece]) -> None:
            for exchange, piece, _ in pieces:
                if exchange is not None and not backend and exchange.decision is None:
                    framer.expect(exchange)
                    exchange.decision = NOTHING
                out.append(piece)

        give = framer.fromBackend if backend else framer.fromClient
        end = framer.backendEnded if backend else framer.clientEnded
        for start in range(0, len(data), size):
            try:
                take(give(data[start : start + size]))
            except FramingError as error:
                return b"".join(out) + error.rest + data[start + size :]
            if framer.opaque:
                return b"".join(out) + data[start + size :]
        try:
            take(end())
        except FramingError as error:
            out.append(error.rest)
        return b"".join(out)


def cases(contract: type, providers: dict[str, Any], kind: str) -> dict[str, type]:
    """
    A test case for each provider, by the name it is to have.
    """
    made = {}
    for name, provider in providers.items():
        words = re.split(r"[^a-z0-9]+", name)
        title = "".join(word.capitalize() for word in words) + kind + "Tests"
        made[title] = type(
            title,
            (contract, SynchronousTestCase),
            {
                "__module__": __name__,
                "__doc__": f"The contract of the {kind.lower()} C{{{name}}}.",
                "provider": provider,
            },
        )
    return made


STREAMS = {
    name: each for name, each in REGISTRY.behaviors.items() if IStreamBehavior.providedBy(each)
}
EXCHANGES = {name: each for name, each in REGISTRY.behaviors.items() if name not in STREAMS}
globals().update(cases(BehaviorContract, dict(EXCHANGES), "Behavior"))
globals().update(cases(StreamBehaviorContract, dict(STREAMS), "Behavior"))
globals().update(cases(WireContract, dict(REGISTRY.wires), "Protocol"))


class GeneratorTests(SynchronousTestCase):
    """
    The generated cases themselves.
    """

    def test_allAreMet(self) -> None:
        """
        There is a case for each provider there is.
        """
        met = {
            case.provider.name
            for name, case in globals().items()
            if name.endswith(("BehaviorTests", "ProtocolTests"))
        }
        self.assertEqual(met, {*REGISTRY.behaviors, *REGISTRY.wires})
        self.assertTrue(met >= {"dummy", "delay", "error", "hang", "blackout", "tcp", "http"})

    def test_exchangesAreReal(self) -> None:
        """
        The openings are understood: HTTP's name their methods.
        """
        commands = [exchange.command for exchange in exchanges(REGISTRY.wire("http"))]
        self.assertEqual(commands, ["GET", "HEAD", "POST"])
        self.assertEqual(httpExchange().command, "GET")
