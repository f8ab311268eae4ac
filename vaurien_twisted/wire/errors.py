"""
Errors as a backend would send them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

import attrs

from vaurien_twisted.model.commands import Transaction
from vaurien_twisted.model.errors import (
    WireError,
)
from vaurien_twisted.model.options import Refused, nearest, option


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


@attrs.frozen
class FramingOptions:
    """
    What every wire protocol with messages can be told.
    """

    on_garbage: str = option(
        str,
        "opaque",
        "What becomes of a connection whose bytes are not of the protocol: pass them on "
        "unread, or close.",
        choices=("opaque", "close"),
    )
