# -*- test-case-name: tests.wire.http2.test_header_blocks -*-
"""
Header blocks (RFC 7541), with the same dynamic table at both ends.

A block passes unchanged as long as all earlier blocks of its direction did.  Each is decoded
nevertheless, to know the dynamic table that later blocks refer to.  A changed block, or one of the
proxy, is encoded without the dynamic table: with the static table and with literals that are never
indexed.  If a block that has changed the table does not pass unchanged, all later blocks of its
direction are encoded so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from hpack import Decoder, Encoder, HPACKError, NeverIndexedHeaderTuple, OversizedHeaderListError

from vaurien_twisted.wire.grpc.statuses import nameOf
from vaurien_twisted.wire.http2.codes import Violation
from vaurien_twisted.wire.http2.request_head import Fields, RequestHead, requestHead

#: The most bytes of the decoded fields of one block, with 32 more for each (RFC 9113, section
#: 6.5.2): the same as the longest head of HTTP/1.
FIELDS_LIMIT = 262144

#: The largest dynamic table that an end may ask for, in bytes, since it uses memory here too.
TABLE_LIMIT = 65536

#: The largest length and number of fields of a block that is cached until the dynamic table
#: changes, and the most cached blocks.
MEMORABLE, FEW, MEMORY = 2048, 64, 128

#: The largest length in bytes of derived values that are cached with a block.
KEPT = 8192

#: The most cached encodings of fields, and the largest length of each, in bytes.
FIELDS_KEPT, SHORT = 512, 256

#: The instruction that sets the size of the dynamic table to 0 (RFC 7541, section 6.3).
EMPTIED = b"\x20"


class Block:
    """
    A decoded header block.

    @ivar fields: its fields.
    """

    __slots__ = ("_failure", "_plain", "_request", "fields")

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self._plain: bytes | None = None
        self._request: RequestHead | None = None
        self._failure: str | None = None

    @property
    def plain(self) -> bytes:
        """
        The fields encoded without the dynamic table, which does not change either.
        """
        made = self._plain
        if made is None:
            made = plain(self.fields)
            if len(made) <= KEPT:
                self._plain = made
        return made

    def withAuthority(self, authority: bytes) -> bytes:
        """
        The block with another authority, also in C{Host}; a trailer, which has none, is unchanged.
        """
        fields = [
            (name, authority if name in (b":authority", b"host") else value)
            for name, value in self.fields
        ]
        return plain(fields)

    @property
    def request(self) -> RequestHead:
        """
        The fields as the head of a request.
        """
        made = self._request
        if made is None:
            made = requestHead(self.fields)
            if len(made.head) <= KEPT:
                self._request = made
        return made

    @property
    def failure(self) -> str:
        """
        The error code of a reply or its trailer: a status from 400 on, or the name of a gRPC
        status; C{""} if it is not an error.
        """
        found = self._failure
        if found is None:
            found = self._failure = failureOf(self.fields)
        return found

    @property
    def interim(self) -> bool:
        """
        Whether it is the head of an interim reply (1xx).
        """
        return self._status.startswith(b"1")

    @property
    def accepts(self) -> bool:
        """
        Whether it is the head of a reply with a status 2xx.
        """
        return self._status.startswith(b"2")

    @property
    def _status(self) -> bytes:
        return next((value for name, value in self.fields if name == b":status"), b"")


def failureOf(fields: Fields) -> str:
    """
    See L{Block.failure}.
    """
    for name, value in fields:
        if name == b":status" and value[:1] in (b"4", b"5"):
            return value.decode("latin-1")
        if name == b"grpc-status" and value != b"0":
            return nameOf(value.decode("latin-1"))
    return ""


def plain(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """
    The encoding of C{fields} that neither uses nor changes the dynamic table.
    """
    return b"".join(
        [
            (_shortField if len(name) + len(value) <= SHORT else _field)(name, value)
            for name, value in fields
        ]
    )


def _field(name: bytes, value: bytes) -> bytes:
    return Encoder().encode([NeverIndexedHeaderTuple(name, value)], huffman=False)


#: Most fields occur in thousands of blocks.
_shortField = lru_cache(FIELDS_KEPT)(_field)


class HeaderBlocks:
    """
    The header blocks of one direction.

    @ivar rewritten: whether no further block passes unchanged.
    """

    __slots__ = ("_changed", "_decoder", "_due", "_known", "_wanted", "rewritten")

    def __init__(self) -> None:
        self._decoder = Decoder(max_header_list_size=FIELDS_LIMIT)
        self._known: dict[bytes, Block] = {}
        #: Whether the latest block has changed the table.
        self._changed = False
        #: The size of the table that the receiver allows.
        self._wanted = self._decoder.header_table_size
        #: Whether the next block must begin by setting the size of the table to 0.
        self._due = False
        self.rewritten = False

    def allow(self, size: int) -> None:
        """
        The receiver allows a dynamic table of this size, in bytes.
        """
        self._wanted = size
        decoder = self._decoder
        # The sender may not know a smaller limit yet.
        decoder.max_allowed_table_size = max(decoder.max_allowed_table_size, size)
        if self.rewritten:
            self._due = True

    def read(self, data: bytes) -> Block:
        """
        Decode a block of the sender.

        @raise Violation: it cannot be decoded, or exceeds L{FIELDS_LIMIT}.
        """
        known = self._known.get(data)
        if known is not None:
            self._changed = False
            return known
        table = self._decoder.header_table
        entries = table.dynamic_entries
        before = len(entries), entries[0] if entries else None, table.maxsize
        try:
            fields = tuple((each[0], each[1]) for each in self._decoder.decode(data, raw=True))
        except OversizedHeaderListError:
            reason = f"a header block has more than {FIELDS_LIMIT} bytes when decoded"
            raise Violation("ENHANCE_YOUR_CALM", reason) from None
        except (HPACKError, IndexError, ValueError) as error:
            raise Violation("COMPRESSION_ERROR", f"a header block is malformed: {error}") from None
        block = Block(fields)
        entries = table.dynamic_entries
        after = len(entries), entries[0] if entries else None, table.maxsize
        self._changed = after[0] != before[0] or after[1] is not before[1] or after[2] != before[2]
        if self._changed:
            self._known.clear()
        elif len(data) <= MEMORABLE and len(fields) <= FEW:
            if len(self._known) >= MEMORY:
                self._known.clear()
            self._known[data] = block
        return block

    def withheld(self) -> None:
        """
        Record that the latest block does not pass unchanged.
        """
        if self._changed and not self.rewritten:
            self.rewritten = self._due = True

    def written(self, block: bytes) -> bytes:
        """
        The bytes to send for the next block to the receiver, which does not use the dynamic table.
        """
        if self._wanted < self._decoder.header_table_size and not self.rewritten:
            # The receiver expects the smaller size in the next block.
            self.rewritten = self._due = True
        if self._due:
            self._due = False
            return EMPTIED + block
        return block
