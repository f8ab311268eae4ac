# -*- test-case-name: tests.wire.http.test_stream_editor,tests.wire.http.test_patch_editor -*-
"""
What happens to the body of a reply that is edited.  An editor decides it from the head.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from vaurien_twisted.interfaces.editors import IBodyEditor

#: The most bytes of a reply that wait until its body is complete, with chunks or frames.
RAW_LIMIT = 4 * 2**20


@attrs.frozen
class PassBody:
    """
    The body passes unchanged.

    @ivar headChanged: whether the editor has changed the head.
    """

    headChanged: bool = False


@attrs.frozen
class DropBody:
    """
    The body is discarded, because the changed head has a status without a body.
    """


@attrs.frozen
class StreamBody:
    """
    The body passes through an editor as it arrives.

    @ivar editor: changes the content.
    @ivar resizes: whether the body may get another length than the head has.
    """

    editor: IBodyEditor
    resizes: bool


@attrs.frozen
class WholeBody:
    """
    The head and the body wait until the body is complete.

    @ivar limit: the longest body that is kept, in bytes; a reply with a longer one passes
        unchanged.
    @ivar change: returns the body that is sent instead, and changes the head; C{None}: the reply
        passes unchanged.
    """

    limit: int
    change: Callable[[bytes], bytes | None] = attrs.field(eq=False)


#: The ways to handle a body.
BodyCourse = PassBody | DropBody | StreamBody | WholeBody
