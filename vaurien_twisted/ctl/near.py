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

#: How Toxiproxy's API begins most of its refusals; to a user of a command, there is no body.
BAD_BODY = "bad request body: "


def reasonOf(refused: RequestRefused) -> str:
    """
    Why a service refused, in the terms of a command.
    """
    if refused.status == 401:
        if os.environ.get(TOKEN_VARIABLE):
            return f"the service wants its token, which is not what {TOKEN_VARIABLE} has"
        return f"the service wants its token: set {TOKEN_VARIABLE}"
    return refused.description.removeprefix(BAD_BODY)


def nearName(
    client: Client, proxy: str, parsed: argparse.Namespace, refused: RequestRefused
) -> str:
    """
    What was probably meant, as the end of a line: C{: did you mean 'latency'?}.

    @param proxy: the proxy that the command names.
    @return: C{""} if the refusal is about something else, or if there is no telling.
    """
    try:
        match refused.description:
            case "proxy not found":
                return f": {nearest(proxy, client.request('GET', '/proxies'))}"
            case "toxic not found":
                told = client.request("GET", f"/proxies/{quote(proxy, safe='')}")
                toxics = member(client.url, told, "toxics", list)
                return f": {nearest(parsed.toxic, [str(each['name']) for each in toxics])}"
            case "invalid toxic type":
                known = member(client.url, client.request("GET", "/behaviors"), "behaviors", list)
                return f": {nearest(parsed.type, known)}"
    except (ClientError, KeyError, TypeError):
        # It may be a Toxiproxy, or gone.
        return ""
    return ""
