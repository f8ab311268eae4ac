# -*- test-case-name: tests.behaviors.test__base -*-
"""
What behaviors may also provide: their effect in plain words, and a limit that clients are told.
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


class IStreamLimit(Interface):
    """
    A behavior that limits how many streams of a connection may be open (HTTP/2).  Optional, beside
    L{IBehavior<vaurien_twisted.interfaces.IBehavior>}.
    """

    def limit(options: Options) -> int | None:
        """
        How many streams clients are told that they may have open; C{None} to tell them nothing.

        @param options: an instance of the behavior's C{options}.
        """
