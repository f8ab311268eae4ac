# -*- test-case-name: tests.wire.test_errors -*-
"""
An error of a wire protocol, as a preset or a user declares it.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.commands import Transaction


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
    @ivar headers: of HTTP, more header fields.
    @ivar body: of HTTP, what to send in place of a line that repeats the status.
    @ivar pause: of slow answers, the seconds between two parts.
    @ivar late: the backend has had the request and begun to answer it: the error
        stands in place of that answer.
    @ivar transaction: what the server leaves of the transaction in which it strikes.
    """

    code: str
    message: str
    description: str
    transient: bool = False
    state: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    pause: float = 0.1
    late: bool = False
    transaction: Transaction = Transaction.NONE
