# -*- test-case-name: tests.relays.test_streams_hostile -*-
"""
SETTINGS (RFC 9113, section 6.5), and which values pass.
"""

from __future__ import annotations

import struct

from vaurien_twisted.wire.http2.codes import Violation
from vaurien_twisted.wire.http2.header_blocks import TABLE_LIMIT
from vaurien_twisted.wire.http2.sending_side import SendingSide
from vaurien_twisted.wire.http2.windows import LARGEST_WINDOW

#: The settings that are read (RFC 9113, section 6.5.2).
HEADER_TABLE_SIZE, ENABLE_PUSH, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = 1, 2, 4, 5

#: The longest frame that an end may ask for, in bytes, since one frame is held in memory.
FRAME_LIMIT = 2**20

#: The largest values that pass.
MOST = {HEADER_TABLE_SIZE: TABLE_LIMIT, MAX_FRAME_SIZE: FRAME_LIMIT}

_setting = struct.Struct(">HI")


def readSettings(content: bytes) -> list[tuple[int, int]]:
    """
    The settings in a frame, in order.

    @raise Violation: the length is not a multiple of 6 bytes.
    """
    if len(content) % _setting.size:
        raise Violation("FRAME_SIZE_ERROR", "SETTINGS is not a multiple of 6 bytes long")
    return list(_setting.iter_unpack(content))


def writeSettings(values: list[tuple[int, int]]) -> bytes:
    """
    The content of a frame with these settings.
    """
    return b"".join(_setting.pack(*each) for each in values)


def capped(values: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """
    The settings that pass: those that use memory here are reduced to L{MOST}.
    """
    return [(name, min(value, MOST.get(name, value))) for name, value in values]


def check(values: list[tuple[int, int]]) -> None:
    """
    Check the values (RFC 9113, section 6.5.2).

    @raise Violation: one is out of its bounds.
    """
    for name, value in values:
        if name == ENABLE_PUSH and value > 1:
            raise Violation("PROTOCOL_ERROR", "SETTINGS_ENABLE_PUSH is neither 0 nor 1")
        if name == INITIAL_WINDOW_SIZE and value > LARGEST_WINDOW:
            reason = "SETTINGS_INITIAL_WINDOW_SIZE exceeds 2^31-1"
            raise Violation("FLOW_CONTROL_ERROR", reason)
        if name == MAX_FRAME_SIZE and not 2**14 <= value < 2**24:
            raise Violation("PROTOCOL_ERROR", "SETTINGS_MAX_FRAME_SIZE is out of its bounds")


def apply(values: list[tuple[int, int]], way: SendingSide) -> int | None:
    """
    Apply settings to the sending side towards the end that has sent them.

    @return: the initial window of streams, if the settings have it.
    """
    initial = None
    for name, value in values:
        if name == HEADER_TABLE_SIZE:
            way.blocks.allow(value)
        elif name == MAX_FRAME_SIZE:
            # The sender may not know of a smaller one yet.
            way.limit = max(way.limit, value)
        elif name == INITIAL_WINDOW_SIZE:
            initial = value
    return initial
