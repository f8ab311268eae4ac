# -*- test-case-name: tests.relays.test_streams -*-
"""
The interfaces between the streams of an HTTP/2 link and the link.
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
    A stream that may keep bytes back.

    @ivar queues: its write queues, to the backend and to the client.
    """

    queues: tuple[WriteQueue, WriteQueue]

    def lift(self, keeps: Callable[[Rule], bool]) -> None:
        """
        End the waits of rules that are no longer in force.
        """

    def leave(self) -> None:
        """
        The client has closed its connection: discard its bytes that are kept back.
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
        Hold back and change nothing from now on.
        """


class Owner(Protocol):
    """
    The link of a stream, as the stream uses it.

    @ivar held: about how many bytes to the backend, and to the client, are kept back.
    @ivar editing: the replies of which editors hold bytes back.
    """

    state: ExchangeState
    connection: Connection
    held: list[int]
    editing: set[Editing]

    def setHolding(self, stream: Keeper, keeps: bool) -> None:
        """
        Record whether a stream keeps bytes back.
        """

    def opened(self, stream: Stream) -> None:
        """
        The request of a WebSocket connection was accepted: messages follow.
        """

    def relieve(self, latest: Editing) -> None:
        """
        Make editors release bytes if too many are held back.

        @param latest: the reply of which more bytes were just held back.
        """

    def fate(self, then: ConnectionFate) -> None:
        """
        End the connection because of a fault.
        """

    def progressed(self) -> None:
        """
        Bytes that waited have gone on.
        """
