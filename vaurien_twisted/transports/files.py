# -*- test-case-name: tests.transports.test_files -*-
"""
Files that users name, of which we want a small one: a key, a certificate, a configuration.

Opening a FIFO waits for who writes to it, and C{/dev/zero} has no end.  So what is no regular
file is not read, and of a regular one no more than a bound.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from vaurien_twisted.model.options import Refused, shortened

#: The largest file, in bytes: 1 MiB.
FILE_LIMIT = 2**20

#: How many files of a folder are read, and how many of its entries are looked at.
FILES, ENTRIES = 1000, 20_000


def readSmall(path: str, name: str, limit: int = FILE_LIMIT) -> bytes:
    """
    What is in a regular file.

    @param name: the option that it is given for.
    @raise Refused: it is none, cannot be read, or is larger than C{limit} bytes.
    """
    try:
        # Before it is opened, since opening a device may do something.
        _checkKind(os.stat(path), path, name)
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with open(number, "rb") as file:
            _checkKind(os.fstat(number), path, name)
            # Nothing, where it would have to wait, as some of /proc do.
            data: bytes | None = file.read(limit + 1)
    except OSError as error:
        raise Refused(f"cannot read {_shown(path)}: {error.strerror}", name) from None
    except ValueError as error:
        raise Refused(f"cannot read {_shown(path)}: {error}", name) from None
    if data is None:
        raise Refused(f"cannot read {_shown(path)}: it does not end", name)
    if len(data) > limit:
        raise Refused(f"{_shown(path)} is over {limit} bytes, which is the most that is read", name)
    return data


def pemFiles(path: str, name: str, deep: bool = False) -> list[str]:
    """
    The files of a folder that are called C{.pem}, in order.

    @param deep: also those of the folders in it.
    @raise Refused: it cannot be read, or there are too many.
    """
    found: list[str] = []
    for seen, entry in enumerate(_entries(path, name, deep), 1):
        if entry.name.endswith(".pem") and not entry.is_dir():
            found.append(entry.path)
        if seen > ENTRIES or len(found) > FILES:
            raise Refused(f"{_shown(path)} has too many files: {FILES} are read at most", name)
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
