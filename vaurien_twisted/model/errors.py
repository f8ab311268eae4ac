# -*- test-case-name: tests.wire.test_errors -*-
"""
Errors of wire protocols, as presets or users declare them.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.commands import Transaction


@attrs.frozen
class WireError:
    """
    One error of a wire protocol: a row of its catalog, or a code that a user has chosen.

    @ivar code: the code that users write: C{"1213"}, C{"503"}, C{"LOADING"}.
    @ivar message: the text that a real server sends with it.
    @ivar description: when a real server sends it, in one sentence.
    @ivar state: the protocol's own class of the error, such as an SQLSTATE.
    @ivar fits: the situations in which C{error} without a code may choose it, by the names that
        the protocol has for them; empty for an error after which a retry does not help.
    @ivar family: the service or kind of services whose error it is; C{""} for the protocol's own.
    @ivar closes: whether the server always closes the connection after it.
    @ivar transaction: what the error does to the transaction in which it occurs.  In a catalog, the
        default means what most errors of the protocol do.
    @ivar headers: HTTP only: more header fields.
    @ivar body: HTTP only: the body; C{None}: a line that repeats the status.
    @ivar pause: the time between two parts of a slow answer, in seconds.
    @ivar retryDelay: gRPC only: the time in seconds that the client is asked to wait before a
        retry; 0: not asked.
    @ivar late: whether the error replaces a reply that the backend has begun, so that the backend
        has had the request.
    """

    code: str
    message: str
    description: str
    state: str = attrs.field(default="", kw_only=True)
    fits: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    family: str = attrs.field(default="", kw_only=True)
    closes: bool = attrs.field(default=False, kw_only=True)
    transaction: Transaction = attrs.field(default=Transaction.NONE, kw_only=True)
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), kw_only=True)
    body: str | None = attrs.field(default=None, kw_only=True)
    pause: float = attrs.field(default=0.1, kw_only=True)
    retryDelay: float = attrs.field(default=0.0, kw_only=True)
    late: bool = attrs.field(default=False, kw_only=True)

    @property
    def transient(self) -> bool:
        """
        Whether C{error} without a code may choose it, because a retry may succeed.
        """
        return bool(self.fits)
