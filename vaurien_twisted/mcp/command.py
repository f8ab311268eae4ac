# -*- test-case-name: tests.mcp.test_command -*-
"""
The command line of C{vaurien mcp}.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from vaurien_twisted.arguments import OneLineParser, parseAll
from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import ClientError
from vaurien_twisted.model.environment import TOKEN_VARIABLE, URL_VARIABLE

EPILOG = f"""\
Add it to the configuration of your assistant:
  {{"mcpServers": {{"vaurien": {{"command": "vaurien", "args": ["mcp"]}}}}}}

environment:
  {URL_VARIABLE:<14} the address of the service (default: http://localhost:8080)
  {TOKEN_VARIABLE:<14} the token of the service, if it has one
"""


def serveAssistant(arguments: Sequence[str]) -> int:
    """
    Serve an assistant on standard input and output.

    @param arguments: the command line after C{mcp}.
    @return: the exit status, 0.
    @raise SystemExit: 2, the command line is wrong, or the package C{mcp} is missing; 0, help
        was shown.
    """
    parser = OneLineParser(
        "vaurien mcp",
        description="Serve the operations of a running vaurien to an assistant, as tools of the "
        "Model Context Protocol on standard input and output.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--url",
        help=f"the control service (default: {URL_VARIABLE}, or http://localhost:8080)",
    )
    parsed = parseAll(parser, arguments)
    try:
        client = Client(url=parsed.url)
    except ClientError as error:
        parser.exit(2, f"vaurien mcp: {error}\n")
    try:
        from vaurien_twisted.mcp.server import serve
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "vaurien_twisted":
            raise
        parser.exit(
            2,
            "vaurien mcp: it needs the package mcp: install it with "
            "pip install '.[mcp]' in Vaurien's folder\n",
        )
    serve(client)
    return 0
