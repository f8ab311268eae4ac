# -*- test-case-name: tests.wire.http.test_patch_editor -*-
"""
Heads of replies that are edited: what those of HTTP/1 and HTTP/2 have in common.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence

from zope.interface import implementer

from vaurien_twisted.interfaces.editors import IReplyHead


@implementer(IReplyHead)
class ReplyHead(ABC):
    """
    The head of one reply.

    @ivar status: 100 to 999.
    """

    __slots__ = ("status",)

    def __init__(self, status: int) -> None:
        self.status = status

    @abstractmethod
    def values(self, name: bytes) -> list[bytes]:
        """
        The values of the fields of that name.

        @param name: in lower case.
        """

    @abstractmethod
    def remove(self, names: Collection[bytes]) -> None:
        """
        Remove the fields of these names.

        @param names: in lower case.
        """

    @abstractmethod
    def add(self, name: str, value: str) -> None:
        """
        Add a field, without line ends, in Latin-1 if possible.
        """

    @abstractmethod
    def setStatus(self, status: int) -> None:
        """
        Set another status, 200 to 599.
        """

    def allows(self, name: bytes) -> bool:
        """
        Whether a head of this version of HTTP may have the field.

        @param name: in lower case.
        """
        return True

    def value(self, name: bytes) -> str:
        return b", ".join(self.values(name)).decode("latin-1")

    def patch(self, status: int, fields: Sequence[tuple[str, str | None]]) -> bool:
        changed = False
        if status and status != self.status:
            self.setStatus(status)
            changed = True
        for name, value in fields:
            lowered = name.lower().encode()
            wanted = [] if value is None else [value.encode("latin-1", "replace")]
            if self.values(lowered) == wanted or not self.allows(lowered):
                continue
            self.remove((lowered,))
            if value is not None:
                self.add(name, value)
            changed = True
        return changed
