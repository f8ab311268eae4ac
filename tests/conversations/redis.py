"""
Random conversations with Redis: RESP2 and RESP3, inline commands, transactions.
"""

from __future__ import annotations

from random import Random

from tests.conversations.speaking import Flight, Opening, Session, Speech, Turn, binary, size

ERROR = b"-ERR boom\r\n"
HELLO = b"%3\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n+modules\r\n*0\r\n"
COMMANDS = ("GET", "SET", "LRANGE", "HGETALL", "DEL", "INCR", "MGET", "ZADD", "TYPE")


def command(*words: bytes) -> bytes:
    """
    A command as clients send it.
    """
    return b"*%d\r\n" % len(words) + b"".join(map(bulk, words))


def bulk(data: bytes) -> bytes:
    """
    A bulk string.
    """
    return b"$%d\r\n%b\r\n" % (len(data), data)


def value(dice: Random, third: bool, depth: int = 0) -> bytes:
    """
    A reply of any type.
    """
    many = dice.randrange(4) if depth < 3 else 0
    inner = b"".join(value(dice, third, depth + 1) for _ in range(many))
    plain = [
        *(b"+OK\r\n", b"-WRONGTYPE no\r\n", b":%d\r\n" % dice.randrange(-5, 10**9)),
        *(bulk(binary(dice, size(dice))), b"$-1\r\n", b"*-1\r\n", b"$0\r\n\r\n"),
        b"*%d\r\n%b" % (many, inner),
    ]
    if third:
        plain += [
            *(b"_\r\n", b"#t\r\n", b",1.5\r\n", b"(123456789012345678901\r\n"),
            *(b"=7\r\ntxt:abc\r\n", b"!5\r\nERR x\r\n", b"~%d\r\n%b" % (many, inner)),
            b"%%%d\r\n%b" % (many, b"".join(b"+k\r\n:%d\r\n" % n for n in range(many))),
        ]
        if not depth:
            plain.append(b"%1\r\n+k\r\n" + value(dice, third, 1))
            plain.append(b"|1\r\n+ttl\r\n:9\r\n" + value(dice, third, 1))
    return dice.choice(plain)


def begin(dice: Random) -> Session:
    """
    Any connection.
    """
    third = dice.random() < 0.4
    opening: Opening = []
    if third:
        opening = [("client", command(b"HELLO", b"3")), ("backend", HELLO)]

    def one() -> Turn:
        """
        One command.
        """
        key = b"%b%d" % (dice.choice((b"k", b"k", b"bad")), dice.randrange(9))
        struck = ERROR if key.startswith(b"bad") else b""
        name = dice.choice(COMMANDS).encode()
        if dice.random() < 0.3:
            name = name.lower()
        if dice.random() < 0.15:
            # Inline.
            return Turn(name + b" " + key + b"\r\n", value(dice, third), struck)
        more = [binary(dice, size(dice)) for _ in range(dice.randrange(3))]
        if name.upper() == b"MGET":
            # All are keys.
            more = [b"k", b"other"][: dice.randrange(3)]
        return Turn(command(name, key, *more), value(dice, third), struck)

    def speak() -> list[Flight]:
        """
        A few commands, or a transaction.
        """
        if dice.random() < 0.1:
            many = dice.randrange(4)
            queued = b"".join(command(b"SET", b"k", binary(dice, 5)) for _ in range(many))
            request = command(b"MULTI") + queued + command(b"EXEC")
            values = b"".join(value(dice, third, 1) for _ in range(many))
            reply = b"+OK\r\n" + b"+QUEUED\r\n" * many + b"*%d\r\n%b" % (many, values)
            return [[Turn(request, reply)]]
        return [[one() for _ in range(dice.choice((1, 1, 1, 2, 5, 20)))]]

    return Session(opening, speak)


SPEECH = Speech("redis", begin, {"code": "ERR boom"}, {"key": "bad*"})
