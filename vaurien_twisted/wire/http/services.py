# -*- test-case-name: tests.wire.http.test_presets -*-
"""
Errors of S3, Elasticsearch and GraphQL servers, and all errors of services by code.

S3: "Error responses" (U{https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html}).
Elasticsearch: "Common options" and "Rejected requests" of its guide.  GraphQL: the specification
of October 2021, section 7.1, and "GraphQL over HTTP", section 6.4; the values of
C{extensions.code} are those of Apollo Server.
"""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from vaurien_twisted.wire.http.llm import ANTHROPIC, OPENAI
from vaurien_twisted.wire.http.matchers import pathOf
from vaurien_twisted.wire.http.presets import Preset, preset

#: The identifier of a request, which clients show in their exceptions.
REQUEST = "VAURIEN0REQUEST0"


def _s3(code: str, status: int, message: str, description: str, named: bool = False) -> Preset:
    """
    An error of S3.

    @param named: whether the body has the key of the object.
    """

    def body(text: str, target: str) -> str:
        # The path is not decoded: one character for each byte.
        path = pathOf(target)
        key = f"<Key>{escape(path.lstrip('/'))}</Key>" if named else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{code}</Code><Message>{escape(text)}</Message>{key}"
            f"<Resource>{escape(path)}</Resource><RequestId>{REQUEST}</RequestId></Error>"
        )

    fields = (("Content-Type", "application/xml"), ("x-amz-request-id", REQUEST))
    return preset("s3", code, status, message, description, body, fields)


def _elasticsearch(status: int, kind: str, message: str, description: str) -> Preset:
    def body(text: str, target: str) -> str:
        cause = {"type": kind, "reason": text}
        error = {"root_cause": [cause], **cause}
        return json.dumps({"error": error, "status": status}, ensure_ascii=False)

    fields = (("X-Elastic-Product", "Elasticsearch"), ("Content-Type", "application/json"))
    return preset("elasticsearch", str(status), status, message, description, body, fields)


def _graphql(name: str, message: str, description: str) -> Preset:
    def body(text: str, target: str) -> str:
        error = {"message": text, "extensions": {"code": name.upper()}}
        return json.dumps({"errors": [error], "data": None}, ensure_ascii=False)

    fields = (("Content-Type", "application/json; charset=utf-8"),)
    return preset("graphql", name, 200, message, description, body, fields)


S3 = (
    _s3(
        "SlowDown",
        503,
        "Please reduce your request rate.",
        "The client sends too many requests to a bucket; it may try again more slowly.",
    ),
    _s3(
        "InternalError",
        500,
        "We encountered an internal error. Please try again.",
        "The service failed; the client may try again.",
    ),
    _s3(
        "NoSuchKey",
        404,
        "The specified key does not exist.",
        "The bucket has no such object; trying again does not help.",
        named=True,
    ),
)

ELASTICSEARCH = (
    _elasticsearch(
        429,
        "es_rejected_execution_exception",
        "rejected execution of coordinating operation: the queue of the node is full",
        "The node has more requests than it takes; the client may try again later.",
    ),
    _elasticsearch(
        503,
        "cluster_block_exception",
        "blocked by: [SERVICE_UNAVAILABLE/2/no master];",
        "The cluster has no elected master, or an index has no active shard.",
    ),
)

GRAPHQL = (
    _graphql(
        "internal_server_error",
        "Internal server error",
        "A resolver failed: the status is 200, data is null and errors say why.",
    ),
    _graphql(
        "unauthenticated",
        "You must be logged in to do this.",
        "The request has no valid credentials: the status is 200, and errors say so.",
    ),
    _graphql(
        "forbidden",
        "You are not allowed to do this.",
        "The credentials do not permit it: the status is 200, and errors say so.",
    ),
)

#: All of them by code.
PRESETS = {each.row.code: each for each in (*OPENAI, *ANTHROPIC, *S3, *ELASTICSEARCH, *GRAPHQL)}
