# -*- test-case-name: tests.model.test_text_file -*-
"""
Reads text files of users, whose editors can use other encodings and line ends.
"""

from __future__ import annotations

import codecs

#: The byte order marks of other encodings than UTF-8.  That of UTF-32 begins like that of UTF-16,
#: so it comes first.
_OTHERS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def withoutMark(data: bytes) -> bytes:
    """
    The content of a text file without the byte order mark of UTF-8.

    @raise ValueError: the file is in UTF-16 or UTF-32; the message says what to do.
    """
    for mark, name in _OTHERS:
        if data.startswith(mark):
            raise ValueError(f"it is in {name}: save it as UTF-8")
    if b"\0" in data[:2]:
        raise ValueError("it seems to be in UTF-16: save it as UTF-8")
    return data.removeprefix(codecs.BOM_UTF8)


def decoded(data: bytes) -> str:
    """
    The text of a file in UTF-8, without a byte order mark, with C{\\n} at the ends of lines.

    @raise ValueError: the file is not in UTF-8; the message says what to do.
    """
    data = withoutMark(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"it is not in UTF-8 (byte {error.start + 1}, 0x{data[error.start]:02x}): "
            "save it as UTF-8"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def readText(path: str) -> str:
    """
    The text of the file at C{path}; see L{decoded}.

    @raise OSError: the file cannot be read.
    @raise ValueError: the file is not in UTF-8.
    """
    with open(path, "rb") as file:
        return decoded(file.read())
