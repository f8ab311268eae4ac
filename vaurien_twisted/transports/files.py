# -*- test-case-name: tests.transports.test_files -*-
"""
Reads small files that users name: keys, certificates, configuration.

Opening a FIFO blocks until another process writes to it, and C{/dev/zero} has no end.  So only
regular files are read, up to a maximum size.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from vaurien_twisted.model.options import Refused, shortened

#: The largest file, in bytes: 1 MiB.
FILE_LIMIT = 2**20

#: The most files of a folder that are read, and the most entries of it that are looked at.
FILES, ENTRIES = 1000, 20_000


def readSmall(path: str, name: str, limit: int = FILE_LIMIT) -> bytes:
    """
    The content of a regular file.

    @param name: the option that names the file.
    @param limit: the largest size, in bytes.
    @raise Refused: it is not a regular file, cannot be read, or is larger than C{limit}.
    """
    try:
        # Checked before opening, since opening a device can have effects.
        _checkKind(os.stat(path), path, name)
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with open(number, "rb") as file:
            _checkKind(os.fstat(number), path, name)
            # None if reading would block, as with some files in /proc.
            data: bytes | None = file.read(limit + 1)
    except OSError as error:
        raise Refused(f"cannot read {_shown(path)}: {error.strerror}", name) from None
    except ValueError as error:
        raise Refused(f"cannot read {_shown(path)}: {error}", name) from None
    if data is None:
        raise Refused(f"cannot read {_shown(path)}: it does not end", name)
    if len(data) > limit:
        raise Refused(f"{_shown(path)} is over {limit} bytes, the maximum", name)
    return data


def pemFiles(path: str, name: str, deep: bool = False) -> list[str]:
    """
    The paths of the files in a folder whose names end with C{.pem}, sorted.

    @param name: the option that names the folder.
    @param deep: whether to include the files of its subfolders.
    @raise Refused: the folder cannot be read, or has more than L{FILES} such files or more than
        L{ENTRIES} entries.
    """
    found: list[str] = []
    for seen, entry in enumerate(_entries(path, name, deep), 1):
        if entry.name.endswith(".pem") and not entry.is_dir():
            found.append(entry.path)
        if seen > ENTRIES or len(found) > FILES:
            raise Refused(f"{_shown(path)} has too many files: {FILES} at most", name)
    return sorted(found)


def _entries(path: str, name: str, deep: bool) -> Iterator[os.DirEntry[str]]:
    folders = [path]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    yield entry
                    if deep and entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except OSError as error:
            raise Refused(f"cannot read {_shown(path)}: {error.strerror}", name) from None


def _checkKind(status: os.stat_result, path: str, name: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise Refused(f"cannot read {_shown(path)}: Is a directory", name)
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"cannot read {_shown(path)}: it is not a regular file", name)


def _shown(path: str) -> str:
    return path if path.isprintable() and len(path) <= 500 else shortened(path)
