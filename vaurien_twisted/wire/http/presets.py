# -*- test-case-name: tests.wire.http.test_presets -*-
"""
Errors in the format of a known service: status, header fields and body.

A service's errors are a family.  Their codes are C{FAMILY.NAME}, so that several families can
have the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from vaurien_twisted.model.commands import Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.wire.http.errors import compose, fieldsFor


@attrs.frozen
class Preset:
    """
    An error of a service.

    @ivar row: its row in the catalog.  C{state} is the status, C{message} the text in the body.
    @ivar body: returns the body for the text and the target of the request.
    @ivar fields: header fields.
    @ivar phrase: the reason phrase, C{""} for the registered one.
    @ivar event: makes the event with which a stream that has begun reports this error, from the
        text; C{None} if the service has none.
    """

    row: WireError
    body: Callable[[str, str], str]
    fields: tuple[tuple[str, str], ...]
    phrase: str = ""
    event: Callable[[str], bytes] | None = None

    @property
    def status(self) -> int:
        """
        The status of the reply, 200 to 599.
        """
        return int(self.row.state)


def preset(
    family: str,
    name: str,
    status: int,
    message: str,
    description: str,
    body: Callable[[str, str], str],
    fields: Sequence[tuple[str, str]],
    phrase: str = "",
    event: Callable[[str], bytes] | None = None,
) -> Preset:
    """
    A preset of C{family}, with its row.
    """
    row = WireError(f"{family}.{name}", message, description, state=str(status), family=family)
    return Preset(row, body, tuple(fields), phrase, event)


def answer(exchange: Exchange, error: WireError, known: Preset) -> Reply | None:
    """
    The whole response with which the service reports C{error}.

    Header fields of the error replace those of the service that have the same name, and its
    body replaces the whole body.

    @param known: the preset that has the code of C{error}.
    @return: C{None} if the exchange is not a request of HTTP.
    """
    if not exchange.command:
        return None
    fields, body = content(exchange, error, known)
    return compose(exchange, known.status, known.phrase, fields, body)


def content(
    exchange: Exchange, error: WireError, known: Preset
) -> tuple[list[tuple[str, str]], bytes]:
    """
    The header fields and the body of such a response; see L{answer}.
    """
    own = fieldsFor(error)
    named = {name.lower() for name, _ in own}
    fields = [field for field in known.fields if field[0].lower() not in named] + own
    body = known.body(error.message, exchange.subject) if error.body is None else error.body
    return fields, body.encode("utf-8", "replace")
