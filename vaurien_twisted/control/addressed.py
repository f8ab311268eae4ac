# -*- test-case-name: tests.control.test_vaurien -*-
"""
Which proxy a path speaks of.
"""

from __future__ import annotations

from vaurien_twisted.collection import NoSuchProxy, ProxyCollection
from vaurien_twisted.control.answers import Problem
from vaurien_twisted.proxy import Proxy


def addressed(proxies: ProxyCollection, name: str | None) -> Proxy:
    """
    The proxy called C{name}, the first one for C{None}.

    @raise Problem: 404, there is none.
    """
    try:
        return proxies.first if name is None else proxies.get(name)
    except NoSuchProxy as refused:
        raise Problem(404, refused.description, name or "", "path") from None
