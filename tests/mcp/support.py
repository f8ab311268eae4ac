"""
A service in memory, and the tools that are made of its description.
"""

from __future__ import annotations

from typing import Any

from tests.control.support import Asker, around, makeProxy
from vaurien_twisted.client.common import understand
from vaurien_twisted.control.site import controlRoot
from vaurien_twisted.mcp.tools import Tool, toolsOf


class Service:
    """
    A service with the proxies C{proxy} and C{other}.
    """

    def __init__(self) -> None:
        self.proxy, self.other = makeProxy(), makeProxy()
        self.other.name = "other"
        self._asker = Asker(controlRoot(around(self.proxy, self.other)))
        self.document = self.ask("GET", "/openapi.json")

    @property
    def tools(self) -> dict[str, Tool]:
        """
        Its tools.
        """
        return toolsOf(self.document)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """
        The answer to a request.

        @raise RequestRefused: it is refused.
        """
        answer = self._asker.ask(method, path, body)
        return understand("http://localhost", answer.status, answer.body)

    def call(self, name: str, **arguments: object) -> Any:
        """
        What a tool answers.
        """
        return self.ask(*self.tools[name].request(arguments))
