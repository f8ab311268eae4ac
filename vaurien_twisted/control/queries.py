# -*- test-case-name: tests.control.test_queries -*-
"""
Reading what stands behind the question mark of a URL.
"""

from __future__ import annotations

from typing import TypeVar

from twisted.web.iweb import IRequest

from vaurien_twisted.control.answers import Problem
from vaurien_twisted.options import Refused, build

T = TypeVar("T")


def readQuery(request: IRequest, cls: type[T]) -> T:
    """
    An instance of C{cls}, whose fields are declared as options, from a request's query.
    Of a field that is there twice the last counts.

    @raise Problem: 400, a name is unknown or a value is not acceptable.
    """
    given = {
        name.decode("utf-8", "replace"): words[-1].decode("utf-8", "replace")
        for name, words in request.args.items()
    }
    path = request.path.decode("ascii", "replace")
    try:
        return build(cls, given, f"the query of {path}")
    except Refused as refused:
        raise Problem(400, refused.whole, refused.name, "querystring") from None
