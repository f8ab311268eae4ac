# -*- test-case-name: tests.wire.http.test_presets,tests.integration.test_llm -*-
"""
Errors of the APIs of OpenAI and Anthropic, whose format many other services share.

The forms are those of the public documentation: "Error codes" of the OpenAI API
(U{https://platform.openai.com/docs/guides/error-codes}) and "Errors" of the Claude API
(U{https://docs.anthropic.com/en/api/errors}).
"""

from __future__ import annotations

import json

from vaurien_twisted.wire.http.presets import Preset, preset

#: The identifier of a request, which clients show in their exceptions.
REQUEST = "req_vaurien"

_JSON = ("Content-Type", "application/json")

#: The header field with the time before a retry, in seconds.
_AGAIN = ("Retry-After", "1")


def _openai(
    name: str,
    status: int,
    kind: str,
    code: str | None,
    message: str,
    description: str,
    param: str | None = None,
    fields: tuple[tuple[str, str], ...] = (),
) -> Preset:
    """
    An error of OpenAI.

    @param kind: the C{type} of the error.
    @param code: the C{code} of the error.
    """

    def content(text: str) -> str:
        error = {"message": text, "type": kind, "param": param, "code": code}
        return json.dumps({"error": error}, ensure_ascii=False)

    return preset(
        "openai",
        name,
        status,
        message,
        description,
        lambda text, target: content(text),
        (_JSON, ("X-Request-Id", REQUEST), *fields),
        event=lambda text: f"data: {content(text)}\n\n".encode("utf-8", "replace"),
    )


def _anthropic(
    name: str,
    status: int,
    kind: str,
    message: str,
    description: str,
    fields: tuple[tuple[str, str], ...] = (),
    phrase: str = "",
) -> Preset:
    """
    An error of Anthropic.

    @param kind: the C{type} of the error.
    """

    def content(text: str, **more: str) -> str:
        error = {"type": "error", "error": {"type": kind, "message": text}, **more}
        return json.dumps(error, ensure_ascii=False)

    def whole(text: str, target: str) -> str:
        return content(text, request_id=REQUEST)

    return preset(
        "anthropic",
        name,
        status,
        message,
        description,
        whole,
        (_JSON, ("Request-Id", REQUEST), *fields),
        phrase,
        lambda text: f"event: error\ndata: {content(text)}\n\n".encode("utf-8", "replace"),
    )


OPENAI = (
    _openai(
        "rate_limit",
        429,
        "requests",
        "rate_limit_exceeded",
        "Rate limit reached for requests. Please try again in 1s.",
        "The client sends too many requests; it may try again in a second.",
        fields=(
            _AGAIN,
            ("X-RateLimit-Limit-Requests", "60"),
            ("X-RateLimit-Remaining-Requests", "0"),
            ("X-RateLimit-Reset-Requests", "1s"),
        ),
    ),
    _openai(
        "insufficient_quota",
        429,
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
        "The account has no credit left; trying again does not help.",
    ),
    _openai(
        "context_length",
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 128000 tokens. However, your messages resulted "
        "in 130000 tokens. Please reduce the length of the messages.",
        "The request has more tokens than the model takes; trying again does not help.",
        param="messages",
    ),
    _openai(
        "server_error",
        500,
        "server_error",
        None,
        "The server had an error while processing your request. Sorry about that!",
        "The service failed; the client may try again.",
    ),
    _openai(
        "overloaded",
        503,
        "server_error",
        None,
        "The engine is currently overloaded, please try again later.",
        "The service has too many requests of all its clients; the client may try again in a "
        "second.",
        fields=(_AGAIN,),
    ),
)

ANTHROPIC = (
    _anthropic(
        "rate_limit",
        429,
        "rate_limit_error",
        "This request would exceed your account's rate limit. Please try again later.",
        "The client sends too many requests or tokens; it may try again in a second.",
        (
            _AGAIN,
            ("Anthropic-RateLimit-Requests-Limit", "50"),
            ("Anthropic-RateLimit-Requests-Remaining", "0"),
        ),
    ),
    _anthropic(
        "context_length",
        400,
        "invalid_request_error",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "The request has more tokens than the model takes; trying again does not help.",
    ),
    _anthropic(
        "server_error",
        500,
        "api_error",
        "Internal server error",
        "The service failed; the client may try again.",
    ),
    _anthropic(
        "overloaded",
        529,
        "overloaded_error",
        "Overloaded",
        "The service has too many requests of all its clients; the client may try again in a "
        "second.",
        (_AGAIN,),
        "Overloaded",
    ),
)
