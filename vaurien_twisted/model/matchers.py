# -*- test-case-name: tests.model.test_matchers -*-
"""
Targets: which exchanges a rule is for.

A wire protocol declares what can be asked of its exchanges, each as a L{Matcher}; a
rule's C{when} names some of them with a pattern.  L{condition} makes a predicate of it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from vaurien_twisted.model import patterns
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.model.options import Refused, nearest, shortened
from vaurien_twisted.model.pattern_syntax import Unsupported
from vaurien_twisted.model.patterns import LIST_LIMIT, Test

#: How many bits stand before the IPv4 address in C{::ffff:10.0.0.7} (RFC 4291, section 2.5.5.2).
MAPPED = 96

#: Whether a rule is for this exchange.
Predicate = Callable[[Connection, Exchange], bool]

#: Reads what a target compares: nothing, one text or several of which one must match.
Reader = Callable[[Connection, Exchange], Iterable[str]]


#: The choices of a target that is true or false.
YES_OR_NO = ("true", "false")

#: How many words one target may list.
WORDS_LIMIT = 1000


@attrs.frozen
class Matcher:
    """
    One thing that C{when} can name.

    @ivar name: as users write it.
    @ivar kind: how its pattern is meant: C{"word"} (equal, upper or lower case),
        C{"glob"} (C{*}, C{?}, C{[…]}), C{"regex"} (found anywhere, upper or lower
        case), C{"network"} (an address or network), C{"fields"} (an object of names
        with globs for their values).
    @ivar read: what is compared, from the exchange.
    @ivar choices: of a word, the only ones there are; empty for any.
    """

    name: str
    kind: str
    description: str
    read: Reader = attrs.field(repr=False)
    choices: tuple[str, ...] = ()

    def predicate(self, pattern: object) -> Predicate:
        """
        Whether an exchange matches C{pattern}; of a list of patterns, one.

        @raise Refused: the pattern is not of this target's kind.
        """
        wanted = pattern if isinstance(pattern, list) else [pattern]
        if not wanted:
            raise Refused(f"when {self.name!r}: the list is empty", "when")
        most = WORDS_LIMIT if self.kind == "word" else LIST_LIMIT
        if len(wanted) > most:
            raise Refused(f"when {self.name!r}: {len(wanted)} are too many: {most} at most", "when")
        read = self.read
        if self.kind == "word":
            # Asked of every exchange, so it takes as little time as it can.
            differs = frozenset(_word(self, each) for each in wanted).isdisjoint
            return lambda connection, exchange: (
                not differs(map(str.lower, read(connection, exchange)))
            )
        make = _KINDS[self.kind]
        tests = [make(self, each) for each in wanted]
        if len(tests) == 1:
            [test] = tests
            return lambda connection, exchange: any(map(test, read(connection, exchange)))

        def matches(connection: Connection, exchange: Exchange) -> bool:
            found = list(read(connection, exchange))
            return any(test(text) for test in tests for text in found)

        return matches

    def describe(self) -> dict[str, object]:
        """
        The declaration as JSON; C{choices} only if there are any.
        """
        told: dict[str, object] = {
            "name": self.name,
            "kind": self.kind,
            "description": self.description,
        }
        if self.choices:
            told["choices"] = list(self.choices)
        return told


def _text(target: Matcher, pattern: object) -> str:
    if isinstance(pattern, (str, int)) and not isinstance(pattern, bool):
        return str(pattern)
    raise Refused(f"when {target.name!r}: {pattern!r} is not valid: text is wanted", "when")


def _word(target: Matcher, pattern: object) -> str:
    if isinstance(pattern, bool) and target.choices == YES_OR_NO:
        return YES_OR_NO[not pattern]
    word = _text(target, pattern).lower()
    if target.choices and word not in target.choices:
        raise Refused(
            f"when {target.name!r}: {pattern!r} is not valid: {nearest(word, target.choices)}",
            "when",
        )
    return word


def _glob(target: Matcher, pattern: object) -> Test:
    return _compiled(target, pattern, patterns.glob)


def _regex(target: Matcher, pattern: object) -> Test:
    return _compiled(target, pattern, patterns.regex)


def _compiled(target: Matcher, pattern: object, make: Callable[[str], Test]) -> Test:
    try:
        return make(_text(target, pattern))
    except Unsupported as error:
        reason = f"when {target.name!r}: {shortened(pattern)} {error}"
        raise Refused(reason, "when") from None


def _network(target: Matcher, pattern: object) -> Test:
    wanted = _text(target, pattern)
    try:
        network = ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        raise Refused(
            f"when {target.name!r}: {pattern!r} is not an address or network", "when"
        ) from None

    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= MAPPED:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            network = ipaddress.ip_network((mapped, network.prefixlen - MAPPED))

    def within(text: str) -> bool:
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return False
        # An IPv4 client of a socket that listens on all of IPv6 comes as ::ffff:10.0.0.7.
        plain = getattr(address, "ipv4_mapped", None)
        return address in network or (plain is not None and plain in network)

    return within


def _fields(target: Matcher, pattern: object) -> Test:
    """
    Each text is C{name: value}; this tests one name, which is why an object of several
    names is taken apart by L{condition}.
    """
    if not isinstance(pattern, Mapping) or len(pattern) != 1:
        raise Refused(f"when {target.name!r}: an object of names and values is wanted", "when")
    [(name, value)] = pattern.items()
    wanted = str(name).lower()
    test = _glob(target, value)

    def matches(text: str) -> bool:
        own, _, content = text.partition(":")
        return own.strip().lower() == wanted and test(content.strip())

    return matches


_KINDS: dict[str, Callable[[Matcher, object], Test]] = {
    "glob": _glob,
    "regex": _regex,
    "network": _network,
    "fields": _fields,
}


def _direction(connection: Connection, exchange: Exchange) -> tuple[str]:
    return ("backend" if exchange.unasked else "client",)


#: What can be asked in every protocol.
COMMON = (
    Matcher(
        "client",
        "network",
        "The address of the client, or a network: 10.0.0.7, 10.0.0.0/8, ::1.",
        lambda connection, exchange: (connection.client,),
    ),
    Matcher(
        "direction",
        "word",
        "Who begins the exchange: client, or backend if it sends without a request.",
        _direction,
        ("client", "backend"),
    ),
)

#: The target that most protocols have.
COMMAND = Matcher(
    "command",
    "word",
    "The command, as the protocol names it.",
    lambda connection, exchange: (exchange.command,),
)


def condition(when: Mapping[str, object], targets: Iterable[Matcher], protocol: str) -> Predicate:
    """
    The predicate for a rule's C{when}: all that it names must match.

    @param targets: those of the wire protocol; L{COMMON} ones are added.
    @raise Refused: a name is unknown, or a pattern is not of its kind.
    """
    known = {target.name: target for target in (*targets, *COMMON)}
    tests: list[Predicate] = []
    for name, pattern in when.items():
        target = known.get(name)
        if target is None:
            raise Refused(
                f"protocol {protocol!r} has no target {name!r} for when: {nearest(name, known)}",
                "when",
            )
        if target.kind == "fields" and isinstance(pattern, Mapping) and pattern:
            tests += [target.predicate({key: value}) for key, value in pattern.items()]
        else:
            tests.append(target.predicate(pattern))
    return every(tests)


def every(tests: Sequence[Predicate]) -> Predicate:
    """
    The predicate that all of C{tests} hold.
    """
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda connection, exchange: (
            first(connection, exchange) and second(connection, exchange)
        )
    return lambda connection, exchange: all(test(connection, exchange) for test in tests)
