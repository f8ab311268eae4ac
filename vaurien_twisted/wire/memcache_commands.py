# -*- test-case-name: tests.wire.test_memcache -*-
"""
What a line of the memcached text protocol asks, and in which form it is answered:
memcached's C{doc/protocol.txt}, and where that is silent memcached 1.6.
"""

from __future__ import annotations

import attrs

#: The forms of answers: one line; values and C{END}; a list of lines and its end; lines
#: without end.
LINE, VALUES, LIST, WATCH = "line", "values", "list", "watch"

#: The longest key, in bytes, and the longest value that has a data block.
KEY_LIMIT, VALUE_LIMIT = 250, 2**31 - 3

#: How many words a storage command has without C{noreply}.
STORAGE = {"set": 5, "add": 5, "replace": 5, "append": 5, "prepend": 5, "cas": 6}

#: Where the first key is, by command.
RETRIEVAL = {"get": 1, "gets": 1, "gat": 2, "gats": 2}

#: From how many words on a last word C{noreply} means that.
SILENCING = {
    "cache_memlimit": 2,
    "decr": 3,
    "delete": 3,
    "flush_all": 2,
    "incr": 3,
    "lru": 2,
    "lru_crawler": 2,
    "slabs": 2,
    "touch": 3,
    "verbosity": 2,
}

#: The answers that a meta command gives even with the flag C{q}, besides errors.  NF is
#: among those that memcached 1.6.18 gives and later versions do not.
MENTIONED = {
    "mg": frozenset((b"HD", b"VA")),
    "ms": frozenset((b"NS", b"EX", b"NF")),
    "md": frozenset((b"NS", b"EX", b"NF")),
    "ma": frozenset((b"NS", b"EX", b"NF")),
}


#: The first words of errors: the command is unknown, is wrong, cannot be carried out.
FAILURES = (b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR")


@attrs.frozen
class Meta:
    """
    The form of a meta command's answer: a line, after C{VA} with a value.

    @ivar command: C{mg}, C{ms}, C{md} or C{ma}.
    @ivar quiet: the flag C{q} was given: the expected answer is not sent.
    @ivar echoes: the flags that come back with the answer (opaque and key), as they will.
    @ivar failing: the first of L{FAILURES} that it may be answered with.
    """

    command: str
    quiet: bool
    echoes: tuple[bytes, ...]
    failing: int

    def may(self, words: list[bytes]) -> bool:
        """
        Whether an answer in these words may be this command's although it is quiet.
        """
        if words[0] in FAILURES:
            return words[0] in FAILURES[self.failing :]
        if words[0] not in MENTIONED[self.command]:
            return False
        return sorted(self.echoes) == sorted(word for word in words[1:] if word[:1] in (b"O", b"k"))


@attrs.frozen
class Asked:
    """
    What a line asks.

    @ivar data: how many bytes follow the line, CR and LF included; 0 for none.
    @ivar replies: there will be an answer.
    """

    command: str
    subject: bytes
    form: str | Meta = LINE
    data: int = 0
    replies: bool = True


def understand(words: list[bytes]) -> Asked:
    """
    Read a line.

    @param words: its words; none in an empty line.
    """
    if not words:
        return Asked("", b"")
    command = words[0].decode("ascii", "backslashreplace")
    place = RETRIEVAL.get(command, 1)
    subject = words[place] if len(words) > place else b""
    if command in RETRIEVAL:
        return Asked(command, subject, VALUES)
    if command in STORAGE:
        return _storage(command, subject, words)
    if command in MENTIONED:
        return _meta(command, subject, words)
    if command == "quit":
        return Asked(command, subject, replies=False)
    if command == "watch":
        return Asked(command, subject, WATCH)
    if command == "stats" or (command == "lru_crawler" and subject in (b"metadump", b"mgdump")):
        return Asked(command, subject, LIST)
    least = SILENCING.get(command)
    silent = least is not None and len(words) >= least and words[-1] == b"noreply"
    return Asked(command, subject, replies=not silent)


def _storage(command: str, subject: bytes, words: list[bytes]) -> Asked:
    plain = STORAGE[command]
    if len(words) not in (plain, plain + 1):
        return Asked(command, subject)
    replies = words[-1] != b"noreply"
    # A server that objects to one of these takes the next line for a command.
    fine = (
        len(subject) <= KEY_LIMIT
        and _digits(words[2])
        and _digits(words[3].removeprefix(b"-"))
        and _digits(words[4])
        and (plain == 5 or _digits(words[5]))
    )
    return Asked(command, subject, LINE, _block(words[4]) if fine else 0, replies)


def _meta(command: str, subject: bytes, words: list[bytes]) -> Asked:
    flags = words[3:] if command == "ms" else words[2:]
    fine = 0 < len(subject) <= KEY_LIMIT
    echoes = (
        b"k" + subject if flag == b"k" else flag for flag in flags if flag[:1] in (b"O", b"k")
    )
    # Where there is a key nothing is wrong with reading, and getting cannot go wrong further.
    failing = 0 if not fine else 2 if command in ("mg", "md") else 1
    meta = Meta(command, b"q" in flags, tuple(echoes), failing)
    if command != "ms" or len(words) < 3:
        return Asked(command, subject, meta)
    data = _block(words[2]) if fine and _digits(words[2]) else 0
    return Asked(command, subject, meta, data)


def _digits(word: bytes) -> bool:
    return word.isdigit() and len(word) <= 20


def _block(word: bytes) -> int:
    length = int(word)
    return length + 2 if length <= VALUE_LIMIT else 0
