# -*- test-case-name: tests.behaviors.test__base -*-
"""
What stream behaviors may also provide: their effect in plain words.
"""

from __future__ import annotations

from zope.interface import Interface

from vaurien_twisted.interfaces import Options


class IStreamEffect(Interface):
    """
    A stream behavior that says what it does.  Optional, beside
    L{IStreamBehavior<vaurien_twisted.interfaces.IStreamBehavior>}.
    """

    def effect(options: Options) -> str:
        """
        What is done to a connection, for people: C{delayed 100 ms to the client}.

        @param options: an instance of the behavior's C{options}.
        """
