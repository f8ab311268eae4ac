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
    # Nearly all objects made by loading modules stay: searching them for garbage takes a tenth of
    # the start.
    gc.disable()
    from vaurien_twisted.app import cli

    try:
        cli.main()
    finally:
        gc.enable()
