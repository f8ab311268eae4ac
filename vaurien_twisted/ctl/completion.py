# -*- test-case-name: tests.ctl.test_parser -*-
"""
C{vaurienctl completion}: a script that lets a shell complete the command line.
"""

from __future__ import annotations

import argparse

from vaurien_twisted.client.common import ClientError

SHELLS = ("bash", "zsh", "fish")

EXAMPLES = """\
examples:
  eval "$(vaurienctl completion bash)"
  mkdir -p ~/.zfunc && vaurienctl completion zsh > ~/.zfunc/_vaurienctl
  vaurienctl completion fish > ~/.config/fish/completions/vaurienctl.fish
"""


def addCompletion(parser: argparse.ArgumentParser) -> None:
    """
    Declare the arguments of the command.
    """
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """
    The script for a shell.

    @param parser: the whole command line.
    @raise ClientError: the library that makes it is not installed.
    """
    try:
        import shtab
    except ImportError:
        raise ClientError("completion needs the package shtab: pip install shtab") from None
    return str(shtab.complete(parser, shell))
