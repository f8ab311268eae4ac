# -*- test-case-name: tests.wire.memcache.test_protocol,tests.wire.memcache.test_quiet -*-
"""
Parser of lines of the memcached text protocol, and the forms of their answers.  Sources:
memcached's C{doc/protocol.txt}, and otherwise the source of memcached 1.6.
"""

from __future__ import annotations

import base64

import attrs

#: The forms of answers: one line; values and C{END}; a list of lines and its end; lines
#: without end.
LINE, VALUES, LIST, WATCH = "line", "values", "list", "watch"

#: The longest key, in bytes, and the longest value that has a data block.
KEY_LIMIT, VALUE_LIMIT = 250, 2**31 - 3

#: The number of tokens of a storage command without C{noreply}.
STORAGE = {"set": 5, "add": 5, "replace": 5, "append": 5, "prepend": 5, "cas": 6}

#: The index of the first key, by command.
RETRIEVAL = {"get": 1, "gets": 1, "gat": 2, "gats": 2}

#: The lowest and the highest number of tokens with which a last token C{noreply} is effective.
SILENCING = {
    "cache_memlimit": (2, 3),
    "decr": (3, 4),
    "delete": (3, 4),
    "extstore": (2, 24),
    "flush_all": (2, 3),
    "incr": (3, 4),
    "lru": (2, 24),
    "slabs": (3, 24),
    "touch": (3, 4),
    "verbosity": (2, 3),
    "watch": (2, 24),
}

#: The answers that a meta command gives even with the flag C{q}, besides errors.  NF is
#: among those that memcached 1.6.18 gives and later versions do not.
MENTIONED = {
    "mg": frozenset((b"HD", b"VA")),
    "ms": frozenset((b"NS", b"EX", b"NF")),
    "md": frozenset((b"NS", b"EX", b"NF")),
    "ma": frozenset((b"NS", b"EX", b"NF")),
}

#: The reply that C{ma} also has if its flag C{N} makes it create an item.
CREATED = frozenset((b"HD", b"VA"))

#: The answers that only meta commands give.
ANSWERS = frozenset((b"HD", b"VA", b"EN", b"NF", b"NS", b"EX"))

#: Flags with which getting and deleting cannot be wrong, and those that have a number.  Other
#: versions know others.
FINE = {"mg": b"cfhklqstvONRT", "md": b"kqIOT"}
NUMBERS = b"NRT"

#: The longest opaque token, in bytes.
OPAQUE_LIMIT = 32

#: The first tokens of errors: the command is unknown, is wrong, cannot be carried out.
FAILURES = (b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR")


@attrs.frozen
class Meta:
    """
    The form of a meta command's answer: a line, after C{VA} with a value.

    @ivar mentioned: the answers that it gives even if it is quiet, besides errors.
    @ivar quiet: the flag C{q} was given: the expected answer is not sent.
    @ivar echoes: the flags that the answer repeats (opaque and key), as it has them.
    @ivar failing: the first of L{FAILURES} that it may be answered with.
    @ivar decoded: the decoded key, C{b""} if the key is not encoded.
    """

    mentioned: frozenset[bytes]
    quiet: bool
    echoes: tuple[bytes, ...]
    failing: int
    decoded: bytes = b""

    def mayReply(self, tokens: list[bytes]) -> bool:
        """
        Whether an answer in these tokens may be this command's although it is quiet.
        """
        if tokens[0] in FAILURES:
            return tokens[0] in FAILURES[self.failing :]
        if tokens[0] not in self.mentioned:
            return False
        back = [token for token in tokens[1:] if token[:1] in (b"O", b"k")]
        if self.decoded and b"k" + self.decoded in back:
            # The server repeats this form if the item was stored by that key.
            own = (b"k" + self.decoded if each[:1] == b"k" else each for each in self.echoes)
            return sorted(own) == sorted(back)
        return sorted(self.echoes) == sorted(back)


@attrs.frozen
class Asked:
    """
    A parsed command line.

    @ivar data: the number of bytes after the line, CR and LF included; 0 for none.
    @ivar replies: the command gets an answer.
    """

    command: str
    subject: bytes
    form: str | Meta = LINE
    data: int = 0
    replies: bool = True


def understand(tokens: list[bytes]) -> Asked:
    """
    Parse a line.

    @param tokens: its tokens; none for an empty line.
    """
    if not tokens:
        return Asked("", b"")
    command = tokens[0].decode("ascii", "backslashreplace")
    index = RETRIEVAL.get(command, 1)
    subject = tokens[index] if len(tokens) > index else b""
    if command in RETRIEVAL:
        return Asked(command, subject, VALUES)
    if command in STORAGE:
        return _storage(command, subject, tokens)
    if command in MENTIONED:
        return _meta(command, subject, tokens)
    if command == "quit":
        return Asked(command, subject, replies=False)
    silent = _silenced(command, subject, tokens)
    if command == "watch":
        return Asked(command, subject, WATCH, replies=not silent)
    if command == "stats" or (command == "lru_crawler" and subject in (b"metadump", b"mgdump")):
        return Asked(command, subject, LIST)
    return Asked(command, subject, replies=not silent)


def _silenced(command: str, subject: bytes, tokens: list[bytes]) -> bool:
    """
    Whether C{noreply} is effective.  Servers answer other lines with an error.
    """
    least, most = SILENCING.get(command, (1, 0))
    if tokens[-1] != b"noreply" or not least <= len(tokens) <= most:
        return False
    return command != "slabs" or subject == b"automove"


def _storage(command: str, subject: bytes, tokens: list[bytes]) -> Asked:
    plain = STORAGE[command]
    if len(tokens) not in (plain, plain + 1):
        return Asked(command, subject)
    replies = tokens[-1] != b"noreply"
    # A server that rejects one of these reads the next line as a command.
    fine = (
        len(subject) <= KEY_LIMIT
        and _digits(tokens[2])
        and _digits(tokens[3].removeprefix(b"-"))
        and _digits(tokens[4])
        and (plain == 5 or _digits(tokens[5]))
    )
    return Asked(command, subject, LINE, _block(tokens[4]) if fine else 0, replies)


def _meta(command: str, subject: bytes, tokens: list[bytes]) -> Asked:
    flags = tokens[3:] if command == "ms" else tokens[2:]
    fine = 0 < len(subject) <= KEY_LIMIT
    letters = b"".join(flag[:1] for flag in flags)
    # Only the letters count, but for O all of it.
    echoes = (
        b"k" + subject if flag[:1] == b"k" else flag for flag in flags if flag[:1] in (b"O", b"k")
    )
    failing = 0 if not fine else 2 if _faultless(command, flags, letters) else 1
    mentioned = MENTIONED[command]
    if command == "ma" and b"N" in letters:
        mentioned |= CREATED
    decoded = _decode(subject) if b"b" in letters else b""
    meta = Meta(mentioned, b"q" in letters, tuple(echoes), failing, decoded)
    if command != "ms" or len(tokens) < 3:
        return Asked(command, subject, meta)
    data = _block(tokens[2]) if fine and _digits(tokens[2]) else 0
    return Asked(command, subject, meta, data)


def _faultless(command: str, flags: list[bytes], letters: bytes) -> bool:
    """
    Whether a meta command's flags are certainly valid, so that it cannot fail.
    """
    known = FINE.get(command)
    return (
        known is not None
        and all(letter in known for letter in letters)
        and len(set(letters)) == len(letters)
        and all(_digits(flag[1:]) or flag[0] not in NUMBERS for flag in flags)
        and all(len(flag) <= OPAQUE_LIMIT for flag in flags)
    )


def _decode(key: bytes) -> bytes:
    """
    A key that was given in base64, C{b""} if it is not that.
    """
    try:
        return base64.b64decode(key, validate=True)
    except ValueError:
        return b""


def _digits(token: bytes) -> bool:
    return token.isdigit() and len(token) <= 20


def _block(token: bytes) -> int:
    length = int(token)
    return length + 2 if length <= VALUE_LIMIT else 0
