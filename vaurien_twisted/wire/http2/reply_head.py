# -*- test-case-name: tests.relays.test_streams_edited -*-
"""
The head of a reply on a stream, as editors read and change it.
"""

from __future__ import annotations

from collections.abc import Collection

from hpack import Decoder

from vaurien_twisted.wire.http.head import DIGITS
from vaurien_twisted.wire.http.reply_head import ReplyHead
from vaurien_twisted.wire.http2.answers import CONNECTION_FIELDS
from vaurien_twisted.wire.http2.header_blocks import FIELDS_LIMIT, plain


class StreamReplyHead(ReplyHead):
    """
    The fields of one header block.

    @param block: a header block that uses no dynamic table.
    """

    __slots__ = ("_fields",)

    def __init__(self, block: bytes) -> None:
        decoded = Decoder(max_header_list_size=FIELDS_LIMIT).decode(block, raw=True)
        self._fields = [(bytes(each[0]), bytes(each[1])) for each in decoded]
        [status, *_] = [*self.values(b":status"), b""]
        super().__init__(int(status) if status.isdigit() else 0)

    @property
    def block(self) -> bytes:
        """
        The fields in a header block that uses no dynamic table.
        """
        return plain(self._fields)

    @property
    def length(self) -> int:
        """
        The length of the body according to Content-Length, in bytes; below 0: not known.
        """
        lengths = set(self.values(b"content-length"))
        if len(lengths) != 1:
            return -1
        [length] = lengths
        return int(length) if length.isdigit() and len(length) <= DIGITS else -1

    def values(self, name: bytes) -> list[bytes]:
        return [value.strip() for own, value in self._fields if own == name]

    def remove(self, names: Collection[bytes]) -> None:
        self._fields = [each for each in self._fields if each[0] not in names]

    def add(self, name: str, value: str) -> None:
        """
        Add a field; names are in lower case in HTTP/2.
        """
        self._fields.append((name.lower().encode(), value.encode("latin-1", "replace")))

    def allows(self, name: bytes) -> bool:
        """
        Whether HTTP/2 allows the field (RFC 9113, section 8.2.2).
        """
        return name.decode("latin-1") not in CONNECTION_FIELDS

    def setStatus(self, status: int) -> None:
        self.status = status
        self._fields = [
            (name, b"%d" % status if name == b":status" else value) for name, value in self._fields
        ]
