"""
JSON that the service has told, for those that read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: A JSON object of the service.  C{docs/rest.rst} says what its members are; the type checker
#: cannot, since another process made it.
Told = Mapping[str, Any]

#: The same, which the reader may change: it is its own.
Answer = dict[str, Any]
