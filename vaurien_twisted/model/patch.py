# -*- test-case-name: tests.wire.http.test_patch_editor -*-
"""
Changes to a reply: its status, header fields and body.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.patterns import Replacer


@attrs.frozen
class Patch:
    """
    The changes of a reply.

    @ivar status: the new status, 200 to 599; 0 for the backend's.
    @ivar fields: header fields that are set, or removed where the value is C{None}.
    @ivar members: JSON pointers, as their tokens, with the JSON that replaces the value there.
    @ivar replacements: patterns, with the text that replaces what they match.
    """

    status: int = 0
    fields: tuple[tuple[str, str | None], ...] = ()
    members: tuple[tuple[tuple[str, ...], str], ...] = ()
    replacements: tuple[tuple[Replacer, bytes], ...] = ()

    @property
    def changesBody(self) -> bool:
        """
        Whether the body is changed.
        """
        return bool(self.members or self.replacements)
