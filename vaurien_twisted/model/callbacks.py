"""
A callback for those that are not set.
"""

from __future__ import annotations


def nothing(*arguments: object) -> None:
    """
    Does nothing.
    """
