# -*- test-case-name: tests.behaviors.test__base -*-
"""
Optional interfaces of behaviors: their effect in plain words, and a limit that clients are told.
"""

from __future__ import annotations

from zope.interface import Interface

from vaurien_twisted.interfaces import Options


class IStreamEffect(Interface):
    """
    A stream behavior that describes its effect.  Optional, beside
    L{IStreamBehavior<vaurien_twisted.interfaces.IStreamBehavior>}.
    """

    def effect(options: Options) -> str:
        """
        The effect on a connection in plain words: C{delayed 100 ms to the client}.

        @param options: an instance of the behavior's C{options}.
        """


class IStreamLimit(Interface):
    """
    A behavior that limits how many streams of a connection may be open (HTTP/2).  Optional, beside
    L{IBehavior<vaurien_twisted.interfaces.IBehavior>}.
    """

    def limit(options: Options) -> int | None:
        """
        The value of SETTINGS_MAX_CONCURRENT_STREAMS that clients get (RFC 9113, section 6.5.2);
        C{None}: the backend's own.

        @param options: an instance of the behavior's C{options}.
        """
