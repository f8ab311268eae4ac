# -*- test-case-name: tests.wire.http.test_patch_editor -*-
"""
Replies after which both ends continue in another protocol.
"""

from __future__ import annotations


def isTunnel(method: str, status: int) -> bool:
    """
    Whether the bytes after the head of a reply are not a body: the connection was upgraded, or is a
    tunnel (RFC 9110, sections 7.8 and 9.3.6).

    @param method: the method of the request.
    """
    return status == 101 or (method == "CONNECT" and 200 <= status < 300)
