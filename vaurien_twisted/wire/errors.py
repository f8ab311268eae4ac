"""
Errors as a backend would send them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

import attrs

from vaurien_twisted.commands import Transaction
from vaurien_twisted.options import Refused, nearest


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


def byCode(
    errors: Iterable[WireError], transaction: Transaction, closing: Container[str] = ()
) -> dict[str, WireError]:
    """
    The presets by code.

    @param transaction: what those leave of a transaction that do not say it.
    @param closing: the codes after which the server closes the connection.
    """
    found = {}
    for error in errors:
        left = error.transaction
        if error.code in closing:
            left = Transaction.CLOSED
        elif left is Transaction.NONE:
            left = transaction
        found[error.code] = attrs.evolve(error, transaction=left)
    return found


def namedError(
    protocol: str,
    errors: Mapping[str, WireError],
    code: str,
    message: str,
    isCode: Callable[[str], bool],
    form: str,
    transaction: Transaction = Transaction.NONE,
) -> WireError:
    """
    The preset of that code, or an error of a code of the user's own; C{message}, if
    given, stands in for the real server's words.

    @param isCode: whether a code that is no preset can be said in the protocol.
    @param form: what such a code looks like, for the refusal.
    @param transaction: what such an error leaves of a transaction.
    @raise Refused: the code can not be said in the protocol.
    """
    preset = errors.get(code)
    if preset is not None:
        return attrs.evolve(preset, message=message) if message else preset
    if not isCode(code):
        raise Refused(
            f"protocol {protocol!r} has no error {code!r} ({form}): {nearest(code, errors)}", "code"
        )
    return WireError(code, message, "An error of your own.", transaction=transaction)
