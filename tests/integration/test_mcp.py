"""
C{vaurien mcp} before a Vaurien in a process of its own, asked by the client of the package C{mcp}
over standard input and output.
"""

from __future__ import annotations

import asyncio
import os
import sys
from importlib.util import find_spec
from typing import Any

from tests.integration.children import ChildCase


class AssistantTests(ChildCase):
    """
    What an assistant does.
    """

    if find_spec("mcp") is None:
        skip = "the package mcp is not installed"

    def talk(self, url: str, *calls: tuple[str, dict[str, object]]) -> tuple[list[str], list[Any]]:
        """
        The names of the tools, and what calls of them answer.
        """
        from mcp import StdioServerParameters
        from mcp.client.client import Client
        from mcp.client.stdio import stdio_client

        server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "vaurien_twisted", "mcp", "--url", url],
            env=dict(os.environ),
        )

        async def talk() -> tuple[list[str], list[Any]]:
            async with Client(stdio_client(server)) as client:
                self.assertIn("didItStrike", client.instructions or "")
                tools = await client.list_tools()
                told = [await client.call_tool(name, arguments) for name, arguments in calls]
                return [tool.name for tool in tools.tools], told

        return asyncio.run(asyncio.wait_for(talk(), 60))

    def test_fault(self) -> None:
        """
        It sets a fault, sees that it struck and on which request, is told of a mistake, and puts
        everything back.
        """
        proxy, client, backend = self.pair(protocol="tcp")
        rule = {"behavior": "hang", "name": "stuck", "when": {"client": "127.0.0.1"}}
        names, told = self.talk(
            proxy.http_url,
            ("addRule", {"body": rule}),
            ("didItStrike", {}),
            ("setBehavior", {"body": {"name": "dealy"}}),
            ("getRulse", {}),
        )
        self.assertEqual(names[0], "didItStrike")
        self.assertIn("getExplanation", names)
        added, struck, mistaken, unknown = told
        self.assertEqual(added.structured_content["name"], "stuck")
        self.assertIn("never struck", struck.structured_content["summary"])
        self.assertTrue(mistaken.is_error)
        self.assertIn("did you mean 'delay'?", mistaken.content[0].text)
        self.assertIn("did you mean 'getRules'?", unknown.content[0].text)
        client.sendall(b"question")
        _, told = self.talk(
            proxy.http_url,
            ("didItStrike", {"rule": "stuck"}),
            ("setAllNormal", {}),
            ("getRules", {}),
        )
        struck, normal, rules = told
        [fault] = struck.structured_content["faults"]
        self.assertEqual(fault["struck"], 1, fault)
        self.assertEqual(fault["decisions"][0]["connection"], 1)
        self.assertEqual(normal.structured_content["proxies"][0]["rules"], 1)
        self.assertEqual(rules.structured_content["rules"], [])
        self.assertEqual(backend.recv(100), b"question")
