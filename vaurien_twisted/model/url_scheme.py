"""
The schemes of the URLs that backends are written as: C{redis://host:6379/0}.
"""

from __future__ import annotations

import attrs


@attrs.frozen
class URLScheme:
    """
    What a scheme says of the backend.

    @ivar name: the scheme in lower case, without C{://}.
    @ivar port: the port of URLs without one.
    @ivar tls: whether the backend is reached by TLS from the first byte.
    """

    name: str
    port: int
    tls: bool = False
