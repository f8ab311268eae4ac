# -*- test-case-name: tests.test_ctl_rules -*-
"""
Files that C{vaurienctl} is given.
"""

from __future__ import annotations

import json
import sys

from vaurien_twisted.asking import ClientError, cause
from vaurien_twisted.textfile import decoded, readText


def readFile(path: str) -> object:
    """
    The JSON in a file, C{-} for standard input.

    @raise ClientError: there is none.
    """
    try:
        return json.loads(_standardInput() if path == "-" else readText(path))
    except OSError as error:
        raise ClientError(f"cannot read {path}: {cause(error)}") from None
    except (ValueError, RecursionError) as error:
        raise ClientError(f"{path} is not JSON: {cause(error)}") from None


def _standardInput() -> str:
    raw = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if raw is None else decoded(raw.read())
