"""
Tests for what both clients share.
"""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.client.blocking import AsyncClient, Client, ClientError, RequestRefused
from vaurien_twisted.client.common import (
    cause,
    member,
    planRequest,
    serviceURL,
    understand,
    withToken,
)

OPTIONS = {"sleep": 3.0, "before": False}


class URLTests(SynchronousTestCase):
    """
    Where the service is looked for.
    """

    def setUp(self):
        """
        The environment has no variable.
        """
        self.patch(os, "environ", {})

    def test_default(self):
        """
        Nothing given.
        """
        self.assertEqual(Client().url, "http://localhost:8080")
        self.assertEqual(AsyncClient().url, "http://localhost:8080")

    def test_parts(self):
        """
        Each part given.
        """
        self.assertEqual(Client("staging").url, "http://staging:8080")
        self.assertEqual(Client(port=9090).url, "http://localhost:9090")
        self.assertEqual(Client("::1", 1, "https").url, "https://[::1]:1")
        self.assertEqual(Client("[::1]").url, "http://[::1]:8080")

    def test_url(self):
        """
        A URL, with a path or a slash at its end.
        """
        self.assertEqual(Client(url="http://a:1/").url, "http://a:1")
        self.assertEqual(Client(url="https://a/chaos").url, "https://a/chaos")

    def test_environment(self):
        """
        C{VAURIEN_URL} is used only if nothing is given.
        """
        self.patch(os, "environ", {"VAURIEN_URL": "http://elsewhere:1"})
        self.assertEqual(Client().url, "http://elsewhere:1")
        self.assertEqual(AsyncClient().url, "http://elsewhere:1")
        self.assertEqual(Client(port=9).url, "http://localhost:9")
        self.assertEqual(Client(url="http://a:1").url, "http://a:1")
        self.patch(os, "environ", {"VAURIEN_URL": ""})
        self.assertEqual(Client().url, "http://localhost:8080")

    def test_bad(self):
        """
        An invalid URL is refused before a request.
        """
        for url in ("localhost:8080", "ftp://a", "http://", "http://a:x", "http://a b", "http://["):
            error = self.assertRaises(ClientError, serviceURL, url=url)
            self.assertIn(repr(url), error.reason)
        self.assertRaises(ClientError, Client, port=70000)


class AnswerTests(SynchronousTestCase):
    """
    What answers mean.
    """

    def test_refusal(self):
        """
        The service's message, and the field.
        """
        body = b'{"status":"error","errors":[{"location":"body","name":"a","description":"no a"}]}'
        error = self.assertRaises(RequestRefused, understand, "http://a", 400, body)
        self.assertEqual((error.reason, error.description, str(error)), ("no a",) * 3)
        self.assertEqual((error.name, error.location, error.status), ("a", "body", 400))

    def test_toxiproxys(self):
        """
        Toxiproxy's form of refusals is understood, and answers that have nothing in them.
        """
        body = b'{"error": "proxy not found", "status": 404}'
        error = self.assertRaises(RequestRefused, understand, "http://a", 404, body)
        self.assertEqual((error.description, error.status), ("proxy not found", 404))
        self.assertEqual(understand("http://a", 204, b""), {})
        self.assertEqual(understand("http://a", 201, b'{"name": "a"}'), {"name": "a"})

    def test_token(self):
        """
        The token is the given one, otherwise the environment's, otherwise none.
        """
        self.patch(os, "environ", {"VAURIEN_TOKEN": "theirs"})
        self.assertEqual(withToken("mine")["Authorization"], "Bearer mine")
        self.assertEqual(withToken(None)["Authorization"], "Bearer theirs")
        self.assertNotIn("Authorization", withToken(""))
        self.patch(os, "environ", {})
        self.assertNotIn("Authorization", withToken(None))
        self.assertRaises(ClientError, withToken, "a\r\nHost: b")
        self.assertRaises(ClientError, Client, token="a b")

    def test_stranger(self):
        """
        Another server is reported as such.
        """
        for status, body in (
            (200, b"<html>"),
            (200, b"[]"),
            (200, b"\xff"),
            (200, b"[" * 100_000),
            (404, b"{}"),
            (404, b'{"errors": []}'),
            (404, b'{"errors": "x"}'),
            (302, b'{"behavior": "dummy"}'),
            (500, b""),
        ):
            error = self.assertRaises(ClientError, understand, "http://a", status, body)
            self.assertIn("the server at http://a is not a Vaurien", error.reason)
        self.assertRaises(ClientError, member, "http://a", {}, "behavior", str)
        self.assertRaises(ClientError, member, "http://a", {"behavior": 1}, "behavior", str)

    def test_again(self):
        """
        The earlier behavior is set again; Vaurien 1 gets no options.
        """
        told = {"behavior": "delay", "options": OPTIONS}
        self.assertEqual(planRequest(told), ("/behavior", {"name": "delay", "options": OPTIONS}))
        self.assertEqual(planRequest({"behavior": "delay"}), ("/behavior", {"name": "delay"}))

    def test_againRules(self):
        """
        Rules are preferred to the behavior's name.
        """
        rules = [{"behavior": "hang"}]
        self.assertEqual(planRequest({"rules": rules}), ("/rules", {"rules": rules}))
        self.assertEqual(planRequest({"rules": []}), ("/rules", {"rules": []}))

    def test_cause(self):
        """
        One line for every error.
        """
        self.assertEqual(cause(OSError(111, "Connection refused")), "Connection refused")
        self.assertEqual(cause(ValueError("a\n b")), "a b")
        self.assertEqual(cause(ValueError()), "ValueError")
