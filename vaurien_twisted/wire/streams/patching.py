# -*- test-case-name: tests.wire.http.test_patch_editor -*-
"""
Patches bodies: values of JSON by pointer (RFC 6901), text by pattern.

All other bytes stay unchanged.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence

from vaurien_twisted.model.patch import Patch

#: The longest body that is patched, in bytes, before and after decompressing and patching.
BODY_LIMIT = 2**20

_SPACE = re.compile(r"[ \t\r\n]*")
_INDEX = re.compile(r"0|[1-9][0-9]*")

#: Numbers keep their spelling.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)

#: The windows of zlib for each content coding, tried in order: RFC 9110, section 8.4.1.
_WINDOWS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}


class Unpatchable(Exception):
    """
    The body cannot be patched.  The message is the reason, in one line.
    """


def canDecode(coding: str) -> bool:
    """
    Whether bodies of this Content-Encoding can be patched.

    @param coding: in lower case, C{""} for none.
    """
    return coding in ("", "identity") or coding in _WINDOWS


def patched(body: bytes, coding: str, patch: Patch) -> bytes:
    """
    C{body} with the changes of C{patch}, in the same coding.

    @raise Unpatchable: it cannot be changed, or would not change.
    """
    content, window = _decoded(body, coding)
    found = content
    for tokens, value in patch.members:
        found = _replaced(found, tokens, value)
    for replacer, text in patch.replacements:
        replaced = replacer.replace(found, text)
        if replaced is None:
            raise Unpatchable(f"the body is too long for the pattern {replacer.pattern[:40]!r}")
        found = replaced
    if len(found) > BODY_LIMIT:
        raise Unpatchable(f"the patched body would exceed {BODY_LIMIT:,} bytes")
    if found == content:
        raise Unpatchable("no change applies to the body")
    if not window:
        return found
    compressor = zlib.compressobj(wbits=window)
    return compressor.compress(found) + compressor.flush()


def _decoded(body: bytes, coding: str) -> tuple[bytes, int]:
    """
    The content, and the window of zlib to encode it with; 0 for none.
    """
    if coding in ("", "identity"):
        return body, 0
    for window in _WINDOWS[coding]:
        decompressor = zlib.decompressobj(window)
        try:
            content = decompressor.decompress(body, BODY_LIMIT + 1)
        except zlib.error:
            continue
        if len(content) > BODY_LIMIT:
            raise Unpatchable(f"the decompressed body exceeds {BODY_LIMIT:,} bytes")
        if decompressor.eof and not decompressor.unused_data:
            return content, window
    raise Unpatchable(f"the body is not valid {coding}, which its Content-Encoding names")


def _replaced(body: bytes, tokens: Sequence[str], value: str) -> bytes:
    """
    A JSON document with the value at C{pointer} replaced.
    """
    try:
        text = body.decode()
        _DECODER.decode(text)
        start = _SPACE.match(text, 0)
        place = 0 if start is None else start.end()
        for token in tokens:
            place = _step(text, place, token)
        _, end = _DECODER.raw_decode(text, place)
    except LookupError:
        pointer = "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)
        raise Unpatchable(f"the body has no {pointer[:80]}") from None
    except (ValueError, RecursionError):
        raise Unpatchable("the body is not JSON") from None
    return (text[:place] + value + text[end:]).encode()


def _step(text: str, place: int, token: str) -> int:
    """
    The offset of the value that C{token} names in the object or array at C{place}.

    @raise LookupError: there is none.
    """
    if text[place] not in "{[" or (text[place] == "[" and _INDEX.fullmatch(token) is None):
        raise LookupError(token)
    isObject = text[place] == "{"
    found, index = -1, 0
    place = _next(text, place + 1)
    while text[place] not in "}]":
        key: object = str(index)
        if isObject:
            key, place = _DECODER.raw_decode(text, place)
            # After the colon.
            place = _next(text, _next(text, place) + 1)
        if key == token:
            # Of equal keys the last counts, as for most readers.
            found = place
        index += 1
        _, place = _DECODER.raw_decode(text, place)
        place = _next(text, place)
        if text[place] == ",":
            place = _next(text, place + 1)
    if found < 0:
        raise LookupError(token)
    return found


def _next(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return place if match is None else match.end()
