"""
Random conversations with MySQL: results of all shapes, prepared statements, files.
"""

from __future__ import annotations

from random import Random

from tests.conversations.speaking import Flight, Session, Speech, Turn, flights
from tests.relays.exchanges import cached, columns, mysql, mysqlOpening
from tests.wire.mysql.script import err, ok, query, table
from vaurien_twisted.wire.mysql.packets import packet

ERROR = packet(1, b"\xff\x28\x04#42000boom")


def begin(dice: Random) -> Session:
    """
    A connection with or without EOF packets and cached metadata.
    """
    deprecated, cache = dice.random() < 0.5, dice.random() < 0.3
    recorded = mysql(deprecated) + (cached(deprecated) if cache else [])

    def speak() -> list[Flight]:
        """
        One command.
        """
        if dice.random() < 0.4:
            return flights(dice.choice(recorded))
        bad = dice.random() < 0.5
        text = b"select %b %d" % (b"bad" if bad else b"good", dice.randrange(9))
        text += b"/*%b*/" % (b"x" * dice.choice((0, 1, 300, 5000)))
        if cache:
            reply = dice.choice((ok(1), err(1)))
        else:
            names, rows = 2 + dice.randrange(3), dice.choice((0, 1, 3, 200, 300))
            reply = dice.choice(
                (ok(1), err(1), table(1, rows, 2, deprecated), columns(names, rows, deprecated))
            )
        return [[Turn(query(text), reply, ERROR if bad else b"")]]

    return Session(list(mysqlOpening(deprecated, cache)), speak)


SPEECH = Speech(
    "mysql", begin, {"code": 1064, "message": "boom"}, {"sql": "^select bad"}, pipelines=False
)
