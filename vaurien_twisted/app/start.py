# -*- test-case-name: tests.app.test_start -*-
"""
The command C{vaurien}: loads what it needs, then runs L{vaurien_twisted.app.cli.main}.
"""

from __future__ import annotations

import gc


def main() -> None:
    """
    Run until interrupted; see L{vaurien_twisted.app.cli.main}.
    """
    # Nearly all that is made while modules are loaded stays: to look for garbage in it takes a
    # tenth of the start.
    gc.disable()
    from vaurien_twisted.app import cli

    try:
        cli.main()
    finally:
        gc.enable()
