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
    One error of a wire protocol: a row of its catalog, or a code of the user's own.

    @ivar code: as users write it: C{"1213"}, C{"503"}, C{"LOADING"}.
    @ivar message: the text that a real server sends with it.
    @ivar description: when a real server sends it, in one sentence.
    @ivar state: the protocol's own class of the error, such as an SQLSTATE.
    @ivar fits: the situations in which C{error} without a code may choose it, by the names that
        the protocol has for them; empty for an error after which a retry does not help.
    @ivar family: the service or kind of services whose error it is; C{""} for the protocol's own.
    @ivar closes: the server closes the connection after it, whatever was asked.
    @ivar transaction: what the server leaves of the transaction in which it occurs.  In a
        catalog the default means: what its protocol usually leaves.
    @ivar headers: of HTTP, more header fields.
    @ivar body: of HTTP, what to send in place of a line that repeats the status.
    @ivar pause: of slow answers, the seconds between two parts.
    @ivar retryDelay: of gRPC, for how many seconds the client is asked to wait before it tries
        again; 0 where it is not asked.
    @ivar late: the backend has had the request and begun to answer it: the error
        stands in place of that answer.
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
