"""
Tests for L{vaurien_twisted.wire.http.presets} and the families of presets.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections import Counter
from typing import cast
from xml.etree import ElementTree

import attrs
from twisted.trial.unittest import SynchronousTestCase

from tests.wire.http.test_errors import FakeSocket, asked
from vaurien_twisted.model.commands import ConnectionFate
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.wire.http.protocol import HTTP
from vaurien_twisted.wire.http.services import PRESETS


def answered(
    code: str, message: str = "", exchange: Exchange | None = None, **more: object
) -> tuple[int, str, http.client.HTTPMessage]:
    """
    The status, the body and the header fields of the reply, as an independent client reads it.
    """
    wire = HTTP()
    error = attrs.evolve(wire.parseError(code, message), **more)
    reply = wire.encodeError(exchange or asked(), error)
    assert reply is not None
    # A server closes after 400, whoever it is.
    closes = error.state == "400"
    assert reply.then is (ConnectionFate.CLOSE if closes else ConnectionFate.KEEP)
    response = http.client.HTTPResponse(cast(socket.socket, FakeSocket(reply.data)), method="GET")
    response.begin()
    return response.status, response.read().decode(), response.headers


class PresetTests(SynchronousTestCase):
    """
    The errors of services.
    """

    def test_rows(self) -> None:
        """
        Each is in the catalog by its family, with a sentence, and is never chosen by chance.
        """
        errors = HTTP().errors
        for code, known in PRESETS.items():
            row = errors[code]
            self.assertEqual(code.split(".")[0], row.family)
            self.assertEqual(known.status, int(row.state))
            self.assertTrue(row.description.endswith("."))
            self.assertTrue(row.message)
            self.assertFalse(row.transient)
        self.assertEqual(
            Counter(row.family for row in errors.values() if row.family),
            {
                "HTTP/2": 8,
                "gRPC": 16,
                "openai": 5,
                "anthropic": 4,
                "s3": 3,
                "elasticsearch": 2,
                "graphql": 3,
            },
        )

    def test_answers(self) -> None:
        """
        Each is a whole reply with its status, and a body of the type that it names.
        """
        for code, known in PRESETS.items():
            status, body, headers = answered(code)
            self.assertEqual(status, known.status)
            self.assertIn(known.row.message, body.replace("&amp;", "&"))
            if headers["Content-Type"] == "application/xml":
                ElementTree.fromstring(body.encode())
            else:
                json.loads(body)

    def test_retryAfter(self) -> None:
        """
        Those say when to try again that do so on the service.
        """
        for family in ("openai", "anthropic"):
            for name in ("rate_limit", "overloaded"):
                self.assertEqual(answered(f"{family}.{name}")[2]["Retry-After"], "1")
            self.assertIsNone(answered(f"{family}.server_error")[2]["Retry-After"])

    def test_own(self) -> None:
        """
        A message stands in the body in its form; header fields replace those of the same name;
        a body replaces the body.
        """
        message = 'say "no" to <all> & é'
        _, body, headers = answered(
            "anthropic.overloaded", message, headers=(("retry-after", "7"), ("X-A", "b"))
        )
        self.assertEqual(json.loads(body)["error"]["message"], message)
        self.assertEqual(headers.get_all("Retry-After"), ["7"])
        self.assertEqual(headers["X-A"], "b")
        _, body, _ = answered("s3.SlowDown", message)
        self.assertEqual(ElementTree.fromstring(body.encode()).findtext("Message"), message)
        self.assertEqual(answered("openai.rate_limit", body="no")[:2], (429, "no"))

    def test_key(self) -> None:
        """
        S3 names the object that it does not have.
        """
        asking = Exchange(1, "GET", "/bucket/a&b%20c?x=1", asked().head)
        found = ElementTree.fromstring(answered("s3.NoSuchKey", exchange=asking)[1].encode())
        self.assertEqual(found.findtext("Key"), "bucket/a&b%20c")
        self.assertEqual(found.findtext("Resource"), "/bucket/a&b%20c")

    def test_withoutRequest(self) -> None:
        """
        Nothing is answered where nothing was asked, and HEAD has no body.
        """
        wire = HTTP()
        error = wire.parseError("openai.rate_limit", "")
        self.assertIsNone(wire.encodeError(Exchange(0), error))
        reply = wire.encodeError(asked(method="HEAD"), error)
        assert reply is not None
        self.assertTrue(reply.data.endswith(b"\r\n\r\n"))

    def test_events(self) -> None:
        """
        The providers of LLMs have an event for each, with the same error.
        """
        for code, known in PRESETS.items():
            if known.row.family not in ("openai", "anthropic"):
                self.assertIsNone(known.event)
                continue
            assert known.event is not None
            said = known.event("text").decode()
            self.assertTrue(said.endswith("\n\n"))
            *_, data = said.rstrip().split("\n")
            told = json.loads(data.removeprefix("data: "))["error"]
            self.assertEqual(told, json.loads(answered(code, "text")[1])["error"])

    def test_nearest(self) -> None:
        """
        A name without its family is refused with the nearest.
        """
        with self.assertRaisesRegex(Refused, "did you mean '[a-z]+.rate_limit'"):
            HTTP().parseError("rate_limit", "")
