"""
Tests for the token of the control service.
"""

from __future__ import annotations

import base64

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Asker, around, makeProxy
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.control.site import ControlRoot, controlRoot

TOKEN = "s3cret"


class PublicAPI:
    """
    A page without data.
    """

    routes = Routes(public=True)

    @routes.route("/", "GET")
    def page(self, request):
        """
        The page.
        """
        return b"hello"


class TokenTests(SynchronousTestCase):
    """
    Every route of every API needs the token.
    """

    def setUp(self) -> None:
        self.ask = Asker(controlRoot(around(makeProxy()), token=TOKEN)).ask

    def status(self, *values: str, header: str = "Authorization") -> int:
        """
        How a request with these headers is answered.
        """
        return self.ask("GET", "/behavior", headers={header: list(values)}).status

    def basic(self, text: str) -> str:
        """
        C{Authorization} for a name and a password.
        """
        return "Basic " + base64.b64encode(text.encode()).decode()

    def test_brought(self) -> None:
        """
        It can be brought in three ways.
        """
        self.assertEqual(self.status(f"Bearer {TOKEN}"), 200)
        self.assertEqual(self.status(f"bearer {TOKEN}"), 200)
        self.assertEqual(self.status(self.basic(f":{TOKEN}")), 200)
        self.assertEqual(self.status(self.basic(f"any:{TOKEN}")), 200)
        self.assertEqual(self.status(TOKEN, header="X-Vaurien-Token"), 200)

    def test_wrong(self) -> None:
        """
        Any other value is refused.
        """
        self.assertEqual(self.ask("GET", "/behavior").status, 401)
        for value in (
            "",
            TOKEN,
            "Bearer",
            "Bearer ",
            "Bearer x",
            f"Bearer {TOKEN}x",
            f"Bearer {TOKEN[:-1]}",
            f"Digest {TOKEN}",
            self.basic(TOKEN),
            self.basic(f"{TOKEN}:"),
            self.basic("é:ü"),
            "Basic ???",
            "Bearer \xff",
        ):
            self.assertEqual(self.status(value), 401, value)
        self.assertEqual(self.status("", header="X-Vaurien-Token"), 401)

    def test_told(self) -> None:
        """
        The error says what to send, in the form of the API, and has no data.
        """
        answer = self.ask("GET", "/behavior")
        self.assertEqual(answer.header("www-authenticate"), 'Bearer realm="vaurien"')
        self.assertEqual(
            (answer.error["name"], answer.error["location"]), ("Authorization", "header")
        )
        self.assertNotIn(TOKEN, answer.body.decode())
        answer = self.ask("GET", "/proxies")
        self.assertEqual((answer.status, answer.json["status"]), (401, 401))
        self.assertIn("Bearer", answer.json["error"])

    def test_everywhere(self) -> None:
        """
        Whatever the path and the method, known or not, and before anything is done.
        """
        for method, path in (
            ("GET", "/behaviors"),
            ("PUT", "/behavior"),
            ("GET", "/backend"),
            ("PUT", "/rules"),
            ("GET", "/protocols"),
            ("GET", "/journal"),
            ("POST", "/populate"),
            ("POST", "/reset"),
            ("GET", "/version"),
            ("DELETE", "/proxies/proxy"),
            ("PUT", "/proxies/proxy/behavior"),
            ("GET", "/state"),
            ("GET", "/connections"),
            ("GET", "/events"),
            ("GET", "/metrics"),
            ("GET", "/nowhere"),
        ):
            self.assertEqual(self.ask(method, path).status, 401, path)
        right = {"Authorization": f"Bearer {TOKEN}"}
        self.assertIn("proxy", self.ask("GET", "/proxies", headers=right).json)

    def test_public(self) -> None:
        """
        What holds no data is served without it.
        """
        ask = Asker(ControlRoot([PublicAPI()], [], None, TOKEN)).ask
        self.assertEqual((ask("GET", "/").status, ask("GET", "/x").status), (200, 401))

    def test_none(self) -> None:
        """
        Without a token set, none is looked at.
        """
        ask = Asker(controlRoot(around(makeProxy()))).ask
        self.assertEqual(ask("GET", "/behavior").status, 200)
        wrong = {"Authorization": "Bearer other"}
        self.assertEqual(ask("GET", "/behavior", headers=wrong).status, 200)

    def test_anyHost(self) -> None:
        """
        Where the token keeps web pages out, the service may be called by any name.
        """
        proxies = around(makeProxy())
        for anyHost, status in ((True, 200), (False, 403)):
            ask = Asker(controlRoot(proxies, anyHost=anyHost)).ask
            self.assertEqual(ask("GET", "/behavior", url="http://chaos:8080").status, status)
        ask = Asker(controlRoot(proxies, anyHost=True)).ask
        origin = {"Origin": "http://evil.example"}
        self.assertEqual(ask("GET", "/behavior", headers=origin).status, 403)
