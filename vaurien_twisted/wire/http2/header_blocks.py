# -*- test-case-name: tests.wire.http2.test_header_blocks -*-
"""
Header blocks (RFC 7541), and how both ends keep the same dynamic table.

A block passes as it is as long as all blocks of its direction do.  Each is decoded all the same,
so that the table is known from which later ones draw.  A block that does not pass as it is, or is
the proxy's own, is written without the table: with the static table and with literals that are
never indexed.  If a block changed the table and did not pass as it is, all later ones of its
direction are written so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from hpack import Decoder, Encoder, HPACKError, NeverIndexedHeaderTuple, OversizedHeaderListError

from vaurien_twisted.wire.grpc.statuses import nameOf
from vaurien_twisted.wire.http2.codes import Violation
from vaurien_twisted.wire.http2.request_head import Fields, RequestHead, requestHead

#: How long the decoded fields of one block may be, in bytes, with 32 more for each (RFC 9113,
#: section 6.5.2): the same as the longest head of HTTP/1.
FIELDS_LIMIT = 262144

#: The largest dynamic table that an end may ask for, in bytes.  It takes memory here, too.
TABLE_LIMIT = 65536

#: Blocks up to this length and with so many fields are remembered until the dynamic table
#: changes, and so many of them.
MEMORABLE, FEW, MEMORY = 2048, 64, 128

#: What is made of a block is kept with it up to this length, in bytes.
KEPT = 8192

#: So many encoded fields up to this length are kept, in bytes.
FIELDS_KEPT, SHORT = 512, 256

#: Says that the dynamic table has no room for anything (RFC 7541, section 6.3).
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
        The same fields in a block that neither uses nor changes the dynamic table.
        """
        made = self._plain
        if made is None:
            made = plain(self.fields)
            if len(made) <= KEPT:
                self._plain = made
        return made

    def withAuthority(self, authority: bytes) -> bytes:
        """
        The same with another authority, also as C{Host}; a trailer, which has none, is unchanged.
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
        The code of the error that a reply or its trailer tells of: a status from 400 on, or the
        name of a status of gRPC; C{""} where there is none.
        """
        found = self._failure
        if found is None:
            found = self._failure = failureOf(self.fields)
        return found

    @property
    def interim(self) -> bool:
        """
        Whether it is the head of a reply that another follows (1xx).
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
    A block of these fields that neither uses nor changes the dynamic table.
    """
    return b"".join(
        [
            (_shortField if len(name) + len(value) <= SHORT else _field)(name, value)
            for name, value in fields
        ]
    )


def _field(name: bytes, value: bytes) -> bytes:
    return Encoder().encode([NeverIndexedHeaderTuple(name, value)], huffman=False)


#: Most fields are those of thousands of other blocks.
_shortField = lru_cache(FIELDS_KEPT)(_field)


class HeaderBlocks:
    """
    The header blocks of one direction.

    @ivar rewritten: whether no block passes as it is any more.
    """

    __slots__ = ("_changed", "_decoder", "_due", "_known", "_wanted", "rewritten")

    def __init__(self) -> None:
        self._decoder = Decoder(max_header_list_size=FIELDS_LIMIT)
        self._known: dict[bytes, Block] = {}
        #: Whether the latest block has changed the table.
        self._changed = False
        #: The size of the table that the receiver allows.
        self._wanted = self._decoder.header_table_size
        #: Whether the next block has to say that the table is empty.
        self._due = False
        self.rewritten = False

    def allow(self, size: int) -> None:
        """
        The receiver allows a dynamic table of this size, in bytes.
        """
        self._wanted = size
        decoder = self._decoder
        # The sender may not know of a smaller one yet.
        decoder.max_allowed_table_size = max(decoder.max_allowed_table_size, size)
        if self.rewritten:
            self._due = True

    def read(self, data: bytes) -> Block:
        """
        Decode a block that the sender has sent.

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
        The latest block does not pass as it is.
        """
        if self._changed and not self.rewritten:
            self.rewritten = self._due = True

    def written(self, block: bytes) -> bytes:
        """
        What is to be sent of a block that does not use the dynamic table, the next on the
        way to the receiver.
        """
        if self._wanted < self._decoder.header_table_size and not self.rewritten:
            # The receiver expects to read of a smaller table in the next block.
            self.rewritten = self._due = True
        if self._due:
            self._due = False
            return EMPTIED + block
        return block
