# -*- test-case-name: tests.relays.test_streams_hostile -*-
"""
The bounds of windows and of numbers of streams (RFC 9113, sections 5.1.1 and 6.9).
"""

from __future__ import annotations

#: The largest window, in bytes, and the largest number of a stream.
LARGEST_WINDOW = LARGEST_STREAM = 2**31 - 1

#: The initial window of connections and streams, in bytes.
FIRST_WINDOW = 65535
