# -*- test-case-name: tests.wire.http.test_patch_editor -*-
"""
Replies after which the two ends go on in another protocol.
"""

from __future__ import annotations


def isTunnel(method: str, status: int) -> bool:
    """
    Whether what follows the head of a reply is no body: the connection was upgraded, or is a
    tunnel (RFC 9110, sections 7.8 and 9.3.6).

    @param method: of the request.
    """
    return status == 101 or (method == "CONNECT" and 200 <= status < 300)
