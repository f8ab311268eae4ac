"""
Random conversations with memcached: the text commands, meta commands, quiet ones.
"""

from __future__ import annotations

from random import Random

from tests.conversations.speaking import Flight, Session, Speech, Turn, binary, size
from tests.relays.exchanges import MEMCACHE

ERROR = b"SERVER_ERROR boom\r\n"

#: Those whose reply nobody else would take for one of another command.
RECORDED = [each for each in MEMCACHE if len(each) == 2]


def begin(dice: Random) -> Session:
    """
    Any connection.
    """

    def item(name: bytes, more: bytes = b"") -> bytes:
        data = binary(dice, size(dice))
        return b"VALUE %b %d %d%b\r\n%b\r\n" % (name, dice.randrange(9), len(data), more, data)

    def one() -> Turn:
        """
        One command.
        """
        name = b"%b%d" % (dice.choice((b"k", b"k", b"bad")), dice.randrange(9))
        struck = ERROR if name.startswith(b"bad") else b""
        kind = dice.randrange(8)
        if kind == 0:
            return Turn(b"get %b\r\n" % name, item(name) * dice.randrange(2) + b"END\r\n", struck)
        if kind == 1:
            items = b"".join(item(key, b" 7") for key in (name, b"b", b"c")[: dice.randrange(4)])
            return Turn(b"gets %b b c\r\n" % name, items + b"END\r\n", struck)
        if kind == 2:
            data = binary(dice, size(dice))
            verb = dice.choice((b"set", b"add", b"replace", b"append", b"prepend"))
            request = b"%b %b 0 0 %d\r\n%b\r\n" % (verb, name, len(data), data)
            return Turn(request, dice.choice((b"STORED\r\n", b"NOT_STORED\r\n")), struck)
        if kind == 3:
            said = dice.choice((b"5\r\n", b"NOT_FOUND\r\n", b"CLIENT_ERROR no number\r\n"))
            return Turn(b"%b %b 1\r\n" % (dice.choice((b"incr", b"decr")), name), said, struck)
        if kind == 4:
            said = dice.choice((b"DELETED\r\n", b"NOT_FOUND\r\n"))
            return Turn(b"delete %b\r\n" % name, said, struck)
        if kind == 5:
            data = binary(dice, size(dice))
            said = dice.choice((b"EN\r\n", b"VA %d f1 t-1\r\n%b\r\n" % (len(data), data)))
            return Turn(b"mg %b v f t\r\n" % name, said, struck)
        if kind == 6:
            data = binary(dice, size(dice))
            request = b"ms %b %d T9\r\n%b\r\n" % (name, len(data), data)
            return Turn(request, dice.choice((b"HD\r\n", b"NS\r\n")), struck)
        request, reply = (said for _, said in dice.choice(RECORDED))
        return Turn(request, reply)

    def speak() -> list[Flight]:
        """
        A few commands.
        """
        return [[one() for _ in range(dice.choice((1, 1, 1, 2, 5, 20)))]]

    return Session([], speak)


SPEECH = Speech(
    "memcache", begin, {"code": "SERVER_ERROR boom"}, {"key": "bad*"}, own=(b"mn\r\n", b"MN\r\n")
)
