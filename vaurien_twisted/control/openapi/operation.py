# -*- test-case-name: tests.control.openapi.test_document -*-
"""
The declaration of a route's requests and answers.
"""

from __future__ import annotations

import attrs


@attrs.frozen
class Operation:
    """
    The requests and the answers of a route.

    @ivar answer: the name of the schema of its answer (see L{answers}), C{""} if the answer has
        no body.
    @ivar status: the status of that answer (RFC 9110 section 15.3).
    @ivar body: the name of the schema of its requests (see L{bodies}), C{""} if they need no body.
    @ivar optional: whether the body may be omitted.
    @ivar query: the class whose options the query of a request has; C{None} for none.
    @ivar headers: request headers that it reads, with their descriptions.
    @ivar refusals: the statuses of its errors, without those that every such route has, such as for
        a missing token or a body that is too large.
    @ivar refusal: the schema of its errors; C{""} for that of all routes of the API.
    @ivar media: the media type of its answer, if it is not JSON.
    @ivar others: other media types of its answer, each with the name of its schema.
    @ivar anyType: whether it ignores the Content-Type of its requests.
    """

    answer: str = "Done"
    status: int = 200
    body: str = ""
    optional: bool = False
    query: type | None = None
    headers: tuple[tuple[str, str], ...] = ()
    refusals: tuple[int, ...] = ()
    refusal: str = ""
    media: str = "application/json"
    others: tuple[tuple[str, str], ...] = ()
    anyType: bool = False
