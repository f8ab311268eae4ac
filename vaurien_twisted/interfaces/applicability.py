# -*- test-case-name: tests.rules.test_batches -*-
"""
What behaviors of exchanges may also provide: that they go with all exchanges of a form.
"""

from __future__ import annotations

from vaurien_twisted.interfaces import IApplicability


class IFormApplicability(IApplicability):
    """
    A behavior whose C{applies} looks only at an exchange's number and at whether it has a reply.
    Optional: pipelines are then decided faster.
    """
