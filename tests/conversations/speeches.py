"""
The conversations of all protocols.
"""

from __future__ import annotations

from tests.conversations import http, memcache, mysql, postgresql, redis, smtp, tcp

#: By protocol.
SPEECHES = {
    each.SPEECH.wire: each.SPEECH for each in (redis, memcache, postgresql, mysql, smtp, http, tcp)
}
