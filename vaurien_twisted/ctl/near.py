# -*- test-case-name: tests.ctl.test_proxies -*-
"""
The nearest valid name, where the service refuses a name in the words of Toxiproxy, which has none.
"""

from __future__ import annotations

import argparse
import os
from urllib.parse import quote

from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import ClientError, RequestRefused, member
from vaurien_twisted.model.environment import TOKEN_VARIABLE
from vaurien_twisted.model.options import nearest

#: The beginning of most error messages of Toxiproxy's API, which is meaningless on a command line.
BAD_BODY = "bad request body: "


def reasonOf(refused: RequestRefused) -> str:
    """
    Why a service refused, in the terms of a command.
    """
    if refused.status == 401:
        if os.environ.get(TOKEN_VARIABLE):
            return f"the service needs another token than that of {TOKEN_VARIABLE}"
        return f"the service needs a token: set {TOKEN_VARIABLE}"
    return refused.description.removeprefix(BAD_BODY)


def nearName(
    client: Client, proxy: str, parsed: argparse.Namespace, refused: RequestRefused
) -> str:
    """
    The most similar name, as the end of a line: C{: did you mean 'latency'?}.

    @param proxy: the proxy that the command names.
    @return: C{""} if the error is about something else, or the names are not known.
    """
    try:
        match refused.description:
            case "proxy not found":
                return f": {nearest(proxy, client.request('GET', '/proxies'))}"
            case "toxic not found":
                answer = client.request("GET", f"/proxies/{quote(proxy, safe='')}")
                toxics = member(client.url, answer, "toxics", list)
                return f": {nearest(parsed.toxic, [str(each['name']) for each in toxics])}"
            case "invalid toxic type":
                known = member(client.url, client.request("GET", "/behaviors"), "behaviors", list)
                return f": {nearest(parsed.type, known)}"
    except (ClientError, KeyError, TypeError):
        # It may be a Toxiproxy, or gone.
        return ""
    return ""
