# -*- test-case-name: tests.test_contracts -*-
"""
What to do with bytes that are not of a connection's protocol.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.options import option


@attrs.frozen
class GarbageOptions:
    """
    What every wire protocol with messages can be told.
    """

    on_garbage: str = option(
        str,
        "opaque",
        "What becomes of a connection whose bytes are not of the protocol: pass them on "
        "unread, or close.",
        choices=("opaque", "close"),
    )
