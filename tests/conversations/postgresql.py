"""
Random conversations with PostgreSQL: queries, groups of messages, COPY.
"""

from __future__ import annotations

from random import Random

from tests.conversations.speaking import Flight, Session, Speech, Turn, flights
from tests.relays.exchanges import (
    COLUMNS,
    FAILED,
    PARSED,
    POSTGRESQL,
    POSTGRESQL_OPENING,
    RAN,
    ROW,
    RUNS,
    SELECTED,
)
from tests.wire.postgresql.conversation_parts import (
    INSIDE,
    READY,
    SYNC,
    execute,
    message,
    parse,
    query,
)
from vaurien_twisted.wire.postgresql.transaction import FAILING

ERROR = message("E", b"SERROR\0VERROR\0C42601\0Mboom\0\0") + READY

#: No transaction begins, so that an error always finds the session idle, and nothing runs
#: what another has left.
RECORDED = [
    each
    for each in POSTGRESQL
    if each[0][1] != execute() + SYNC
    and not any(data.endswith((INSIDE, message("Z", b"E"))) for _, data in each)
]


def begin(dice: Random) -> Session:
    """
    A connection that asks for a password.
    """

    def speak() -> list[Flight]:
        """
        One query, simple or extended.
        """
        if dice.random() < 0.4:
            return flights(dice.choice(RECORDED))
        bad = dice.random() < 0.5
        text = f"select {'bad' if bad else 'good'} {'x' * dice.choice((0, 1, 300, 5000))}"
        struck = ERROR if bad else b""
        if dice.random() < 0.5:
            rows = dice.choice((0, 1, 3, 300))
            reply = dice.choice((COLUMNS + ROW * rows + SELECTED, FAILED, message("I")))
            return [[Turn(query(text), reply + READY, struck)]]
        return [[Turn(parse(text) + RUNS, dice.choice((PARSED + RAN, FAILED + READY)), struck)]]

    return Session(list(POSTGRESQL_OPENING), speak)


#: By which a transaction fails that may be open.
OWN = (query(FAILING), FAILED + READY)

SPEECH = Speech(
    "postgresql",
    begin,
    {"code": "42601", "message": "boom"},
    {"sql": "^select bad"},
    own=OWN,
)
