# -*- test-case-name: tests.ctl.test_versions -*-
"""
Error messages for services of other versions than this C{vaurienctl}.
"""

from __future__ import annotations

import re

from vaurien_twisted import __version__
from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import ClientError, RequestRefused

#: How services of all versions refuse a path that they do not have.
_NO_PATH = re.compile(r"there is no '(/[^']*)'")


def missingPath(refused: RequestRefused) -> str:
    """
    The path that a service does not have; C{""} if it refused the request for another reason.
    """
    found = _NO_PATH.match(refused.description) if refused.status == 404 else None
    return found[1] if found else ""


def missingFeature(client: Client, refused: RequestRefused) -> str:
    """
    One line that says which path a service of another version does not have, and what to do;
    C{""} if it refused the request for another reason.
    """
    path = missingPath(refused)
    if not path:
        return ""
    try:
        version = str(client.request("GET", "/version").get("version", ""))
    except ClientError:
        version = ""
    words = f"the service at {client.url} has no {path}, which this command needs"
    if not version or version == __version__:
        return f"{words}: it is another version than this vaurienctl"
    age = "older" if _parts(version) < _parts(__version__) else "newer"
    which = f"vaurien {version} is {age} than this vaurienctl, {__version__}"
    return f"{words}: {which}; use the vaurienctl that came with it"


def _parts(version: str) -> list[int]:
    """
    The numbers of a version (U{https://packaging.python.org/en/latest/specifications/}).
    """
    return [int(number) for number in re.findall(r"[0-9]{1,9}", version)]
