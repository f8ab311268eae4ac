# -*- test-case-name: tests.test_ctl_rules -*-
"""
Files that C{vaurienctl} is given.
"""

from __future__ import annotations

import json
import sys

from vaurien_twisted.asking import ClientError, cause


def readFile(path: str) -> object:
    """
    The JSON in a file, C{-} for standard input.

    @raise ClientError: there is none.
    """
    try:
        if path == "-":
            return json.load(sys.stdin)
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise ClientError(f"cannot read {path}: {cause(error)}") from None
    except (ValueError, RecursionError) as error:
        raise ClientError(f"{path} is not JSON: {cause(error)}") from None
