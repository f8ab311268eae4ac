# -*- test-case-name: tests.model.test_matchers -*-
"""
Matchers: the properties of an exchange that a rule's C{when} can compare.

A wire protocol declares a L{Matcher} for each property of its exchanges.  C{when} names some of
them, each with a pattern; L{condition} makes a predicate of it.
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

#: The number of bits before the IPv4 address in C{::ffff:10.0.0.7} (RFC 4291, section 2.5.5.2).
MAPPED = 96

#: Whether a rule applies to an exchange.
Predicate = Callable[[Connection, Exchange], bool]

#: Returns the texts that a matcher compares.  One of them must match; if there is none, the
#: exchange does not match.
Reader = Callable[[Connection, Exchange], Iterable[str]]


#: The choices of a matcher that is true or false.
YES_OR_NO = ("true", "false")

#: The most words in the list of one matcher.
WORDS_LIMIT = 1000


@attrs.frozen
class Matcher:
    """
    A property of an exchange that C{when} can name.

    @ivar name: the name that users write.
    @ivar kind: the kind of its patterns: C{"word"} (equal, ignoring case), C{"glob"} (C{*}, C{?},
        C{[…]}), C{"regex"} (found anywhere in the text, ignoring case), C{"network"} (an IP address
        or network), C{"fields"} (an object of names, with globs for their values).
    @ivar description: one sentence for users.
    @ivar read: returns the texts to compare.
    @ivar choices: the only words allowed; empty if all are.
    """

    name: str
    kind: str
    description: str
    read: Reader = attrs.field(repr=False)
    choices: tuple[str, ...] = ()

    def predicate(self, pattern: object) -> Predicate:
        """
        The predicate for C{pattern}.  For a list of patterns, one of them must match.

        @raise Refused: the pattern is not of this matcher's kind, or the list is empty or has more
            than L{WORDS_LIMIT} words or L{LIST_LIMIT} other patterns.
        """
        wanted = pattern if isinstance(pattern, list) else [pattern]
        if not wanted:
            raise Refused(
                f"when {self.name!r}: the list is empty: remove it, or give a value", "when"
            )
        most = WORDS_LIMIT if self.kind == "word" else LIST_LIMIT
        if len(wanted) > most:
            raise Refused(
                f"when {self.name!r}: {len(wanted)} values are too many: {most} at most", "when"
            )
        read = self.read
        if self.kind == "word":
            # Called for every exchange, so it must be fast.
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
        described: dict[str, object] = {
            "name": self.name,
            "kind": self.kind,
            "description": self.description,
        }
        if self.choices:
            described["choices"] = list(self.choices)
        return described


def _text(target: Matcher, pattern: object) -> str:
    if isinstance(pattern, (str, int)) and not isinstance(pattern, bool):
        return str(pattern)
    raise Refused(f"when {target.name!r}: {pattern!r} is not valid: it must be text", "when")


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
            f"when {target.name!r}: {pattern!r} is not an IP address or network",
            "when",
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
        # An IPv4 client of a socket that listens on :: has an address such as ::ffff:10.0.0.7.
        plain = getattr(address, "ipv4_mapped", None)
        return address in network or (plain is not None and plain in network)

    return within


def _fields(target: Matcher, pattern: object) -> Test:
    """
    A test of texts C{name: value} for one name.  L{condition} divides an object with several names.
    """
    if not isinstance(pattern, Mapping) or len(pattern) != 1:
        raise Refused(f"when {target.name!r}: it must be an object of names and values", "when")
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


def _direction(connection: Connection, exchange: Exchange) -> tuple[str, str]:
    return ("backend", "downstream") if exchange.unasked else ("client", "upstream")


#: The matchers of every protocol.
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
        "Who begins the exchange: client (or upstream), or backend (or downstream) if it sends "
        "without a request.",
        _direction,
        ("client", "backend", "upstream", "downstream"),
    ),
)

#: The matcher of the command, which most protocols have.
COMMAND = Matcher(
    "command",
    "word",
    "The command, as the protocol names it.",
    lambda connection, exchange: (exchange.command,),
)


def condition(when: Mapping[str, object], targets: Iterable[Matcher], protocol: str) -> Predicate:
    """
    The predicate for a rule's C{when}: everything that it names must match.

    @param targets: the matchers of the wire protocol; those of L{COMMON} are added.
    @param protocol: the name of the wire protocol, for messages.
    @raise Refused: a name is unknown, or a pattern is not of the matcher's kind.
    """
    known = {target.name: target for target in (*targets, *COMMON)}
    tests: list[Predicate] = []
    for name, pattern in when.items():
        target = known.get(name)
        if target is None:
            raise Refused(
                f"protocol {protocol!r} has no matcher {name!r} for when: {nearest(name, known)}",
                "when",
            )
        if target.kind == "fields" and isinstance(pattern, Mapping) and pattern:
            tests += [target.predicate({key: value}) for key, value in pattern.items()]
        else:
            tests.append(target.predicate(pattern))
    return every(tests)


def every(tests: Sequence[Predicate]) -> Predicate:
    """
    The predicate that is true if all of C{tests} are.
    """
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda connection, exchange: (
            first(connection, exchange) and second(connection, exchange)
        )
    return lambda connection, exchange: all(test(connection, exchange) for test in tests)
