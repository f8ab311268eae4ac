# -*- test-case-name: tests.relays.test_streams -*-
"""
What the streams of an HTTP/2 link and the link itself need of each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.decision import Rule
from vaurien_twisted.relays.exchange_state import ExchangeState
from vaurien_twisted.relays.write_queue import WriteQueue
from vaurien_twisted.wire.http2.connection import Connection
from vaurien_twisted.wire.http2.stream import Stream


class Keeper(Protocol):
    """
    A stream that can keep bytes back.

    @ivar queues: its write queues, to the backend and to the client.
    """

    queues: tuple[WriteQueue, WriteQueue]

    def lift(self, keeps: Callable[[Rule], bool]) -> None:
        """
        Forget the waits of rules that are no longer kept, and go on.
        """

    def leave(self) -> None:
        """
        The client has gone: what is kept back of its bytes goes nowhere.
        """


class Editing(Protocol):
    """
    A reply on a stream that passes through an editor.
    """

    @property
    def held(self) -> int:
        """
        The number of bytes that the editor holds back.
        """

    def release(self) -> None:
        """
        Hold nothing back from now on, and change nothing more.
        """


class Owner(Protocol):
    """
    What a stream needs of the link that it belongs to.

    @ivar held: how many bytes are kept back on the way to the backend, and to the client, about.
    @ivar editing: the replies of which editors hold something back.
    """

    state: ExchangeState
    connection: Connection
    held: list[int]
    editing: set[Editing]

    def setHolding(self, stream: Keeper, keeps: bool) -> None:
        """
        Whether something is kept back on a stream.
        """

    def opened(self, stream: Stream) -> None:
        """
        The request of a WebSocket connection was accepted: messages follow.
        """

    def relieve(self) -> None:
        """
        Let editors hold back less if too much is held back.
        """

    def fate(self, then: ConnectionFate) -> None:
        """
        A fault ends the connection.
        """

    def progressed(self) -> None:
        """
        Something that waited has gone on.
        """
