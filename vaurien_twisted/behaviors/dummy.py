# -*- test-case-name: tests.behaviors.test_dummy -*-
"""
C{dummy}: no fault.
"""

from __future__ import annotations

from vaurien_twisted.behaviors._fixed import Fixed


class Dummy(Fixed):
    """
    Passes everything unchanged.
    """

    name = "dummy"
