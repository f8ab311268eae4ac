"""
Errors as a backend would send them.
"""

from __future__ import annotations

import attrs


@attrs.frozen
class WireError:
    """
    One error of a wire protocol, ready to be injected.

    @ivar code: as users write it: C{"1213"}, C{"503"}, C{"LOADING"}.
    @ivar message: the real server's words.
    @ivar description: when a real server says so, in one sentence.
    @ivar transient: whether trying again may succeed; such errors are the choice of
        C{error} without a code.
    @ivar state: the protocol's own class of the error, such as an SQLSTATE.
    """

    code: str
    message: str
    description: str
    transient: bool = False
    state: str = ""
