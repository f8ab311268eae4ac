# -*- test-case-name: tests.wire.test_errors -*-
"""
The error catalog of a wire protocol: a row for each preset, and the rules for other codes.

All that users see of a preset (the command line, files, REST, the docs, the web page) follows
from its row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import attrs

from vaurien_twisted.model.commands import Reply, Send, Transaction
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused, nearest


class ErrorCatalog:
    """
    The errors of one protocol.

    @ivar presets: the rows by code, in their order.
    @ivar rows: the rows as they were given.
    """

    def __init__(
        self,
        protocol: str,
        rows: Iterable[WireError],
        *,
        form: str = "it has only these",
        isCode: Callable[[str, str], bool] = lambda code, message: False,
        messageOf: Callable[[str, str], str] = lambda code, message: message,
        situations: Callable[[Exchange], Collection[str]] = lambda exchange: (),
        encode: Callable[[Exchange, WireError], Reply | Send | None] = lambda exchange, error: None,
        transaction: Transaction = Transaction.NONE,
    ) -> None:
        """
        @param protocol: the protocol's name, for error messages.
        @param rows: the presets.  Those that fit the same situation are chosen from in this
            order, so that another order changes what a recorded seed chooses.
        @param form: the form of a code that is not a preset, for error messages.
        @param isCode: whether a code that is not a preset can be sent, with the user's message.
        @param messageOf: the text of an error, from its code and the user's message, which may be
            C{""} for a code that is not a preset.
        @param situations: the names of the situations that an exchange is in.
        @param encode: see
            L{IWireProtocol.encodeError<vaurien_twisted.interfaces.IWireProtocol.encodeError>}.
        @param transaction: the default effect of errors on a transaction; C{NONE} if the protocol
            has no transactions.
        """
        self.rows = tuple(rows)
        self.presets = {row.code: _complete(row, transaction) for row in self.rows}
        self._protocol = protocol
        self._form = form
        self._isCode = isCode
        self._messageOf = messageOf
        self._situations = situations
        self.encode = encode
        self._transaction = transaction

    def parse(self, code: str, message: str) -> WireError:
        """
        See L{IWireProtocol.parseError<vaurien_twisted.interfaces.IWireProtocol.parseError>}.
        """
        error = self.presets.get(code)
        if error is None:
            if not self._isCode(code, message):
                raise Refused(
                    f"protocol {self._protocol!r} has no error {code!r} ({self._form}): "
                    f"{nearest(code, self.presets)}",
                    "code",
                )
            error = WireError(
                code, "", "An error with your own code.", transaction=self._transaction
            )
        elif not message:
            return error
        return attrs.evolve(error, message=self._messageOf(code, message))

    def transient(self, exchange: Exchange) -> tuple[WireError, ...]:
        """
        The presets whose rows name a situation that the exchange is in, in the order of the
        rows.
        """
        situations = self._situations(exchange)
        return tuple(
            error
            for error in self.presets.values()
            if any(situation in situations for situation in error.fits)
        )


def _complete(row: WireError, transaction: Transaction) -> WireError:
    if transaction is Transaction.NONE:
        return row
    if row.closes:
        transaction = Transaction.CLOSED
    elif row.transaction is not Transaction.NONE:
        transaction = row.transaction
    return attrs.evolve(row, transaction=transaction)
