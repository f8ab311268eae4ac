# -*- test-case-name: tests.wire.streams.test_units,tests.wire.http.test_stream_editor -*-
"""
Terminators of streams in the APIs of language models: C{[DONE]}, C{message_stop} and others.

Without the terminator a client cannot distinguish a complete reply from a truncated one.
"""

from __future__ import annotations

import json

from vaurien_twisted.model.streaming import EVENTS
from vaurien_twisted.wire.streams.units import nameOf, textOf

#: The names of events, or the C{type} in their data, that end a stream: of Anthropic's messages
#: and of OpenAI's responses.
NAMES = frozenset(
    ("message_stop", "response.completed", "response.incomplete", "response.failed", "done")
)

#: The data that ends a stream, of OpenAI's chat completions and many like them.
DONE = "[DONE]"

#: The longest event that is checked, in characters: terminators are short, but those of OpenAI's
#: responses repeat the whole reply.
LOOKED_AT = 65536


def isTerminator(unit: bytes, kind: str) -> bool:
    """
    Whether an event or a line ends its stream.

    @param kind: L{EVENTS} or C{LINES}.
    """
    if kind == EVENTS and nameOf(unit) in NAMES:
        return True
    text = textOf(unit, kind).strip()
    if text == DONE:
        return True
    if len(text) > LOOKED_AT or ('"done"' not in text and '"type"' not in text):
        return False
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    # Lines of Ollama have a member C{done}.
    return isinstance(data, dict) and (data.get("done") is True or data.get("type") in _TYPES)


#: Values of C{type} that end a stream also in events without a name.
_TYPES = NAMES - {"done"}
