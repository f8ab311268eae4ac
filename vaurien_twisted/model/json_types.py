"""
Types of JSON that another process sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: A JSON object from the control service.  C{docs/rest.rst} describes its members; the type
#: checker cannot know them, since another process made it.
JSONObject = Mapping[str, Any]

#: The same where the reader may change it.
Answer = dict[str, Any]
