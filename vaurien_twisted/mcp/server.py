# -*- test-case-name: tests.integration.test_mcp -*-
"""
A server of the Model Context Protocol on standard input and output, by the package C{mcp}.
"""

from __future__ import annotations

import json

import anyio
from anyio import to_thread
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as ListedTool

from vaurien_twisted import __version__
from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import ClientError, RequestRefused
from vaurien_twisted.mcp import strikes
from vaurien_twisted.mcp.tools import Tool, toolsOf
from vaurien_twisted.model.json_types import Answer
from vaurien_twisted.model.options import Refused, nearest

INSTRUCTIONS = """\
Vaurien is a proxy between an application and its backend.  It injects faults: delays, errors in \
the backend's own protocol, closed connections.  listBehaviors and listProtocols say which there \
are.  Set a fault with addRule or setBehavior, let the application run, ask didItStrike whether it \
took effect and getExplanation about single requests.  At the end put everything back with \
setAllNormal.\
"""


class Tools:
    """
    The tools of one service.

    @param client: the client of the service.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._tools: dict[str, Tool] = {}

    def known(self) -> dict[str, Tool]:
        """
        The operations of the service, by name.

        @raise ClientError: the service does not answer, or is too old to describe them.
        """
        if not self._tools:
            try:
                document = self._client.request("GET", "/openapi.json")
            except RequestRefused as refused:
                if refused.status != 404:
                    raise
                raise ClientError(
                    f"the service at {self._client.url} is older than this vaurien and does not "
                    "describe itself: update it"
                ) from None
            self._tools = toolsOf(document)
        return self._tools

    def call(self, name: str, arguments: Answer) -> Answer:
        """
        Call a tool.

        @return: the answer of the service.
        @raise ClientError: the service refused.
        @raise Refused: there is no such tool or argument.
        """
        if name == strikes.NAME:
            for each in arguments:
                if each not in strikes.SCHEMA["properties"]:
                    meant = nearest(each, strikes.SCHEMA["properties"])
                    raise Refused(f"{name} has no argument {each!r}: {meant}", each)
            return strikes.didItStrike(self._client.request, **arguments)
        tools = self.known()
        tool = tools.get(name)
        if tool is None:
            raise Refused(f"there is no tool {name!r}: {nearest(name, tools)}")
        return self._client.request(*tool.request(arguments))


def listed(tools: dict[str, Tool]) -> list[ListedTool]:
    """
    All tools in the protocol's form, C{didItStrike} first.
    """
    strike = ListedTool(
        name=strikes.NAME,
        description=strikes.DESCRIPTION,
        input_schema=dict(strikes.SCHEMA),
        annotations=ToolAnnotations(read_only_hint=True),
    )
    others = [
        ListedTool(
            name=tool.name,
            description=tool.description,
            input_schema=dict(tool.schema),
            annotations=ToolAnnotations(
                read_only_hint=tool.method == "GET", destructive_hint=tool.method == "DELETE"
            ),
        )
        for tool in tools.values()
    ]
    return [strike, *others]


def makeServer(tools: Tools) -> Server:
    """
    The server.
    """

    async def listTools(context: object, params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=listed(await to_thread.run_sync(tools.known)))

    async def callTool(context: object, params: CallToolRequestParams) -> CallToolResult:
        try:
            answer = await to_thread.run_sync(tools.call, params.name, params.arguments or {})
        except (ClientError, Refused) as error:
            text = error.description if isinstance(error, Refused) else str(error)
            return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)
        text = json.dumps(answer)
        return CallToolResult(
            content=[TextContent(type="text", text=text)], structured_content=answer
        )

    return Server(
        "vaurien",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=listTools,
        on_call_tool=callTool,
    )


def serve(client: Client) -> None:
    """
    Serve until standard input ends.
    """
    server = makeServer(Tools(client))

    async def run() -> None:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    anyio.run(run)
