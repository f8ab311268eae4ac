"""
Tests for L{vaurien_twisted.control.routes}: a route is declared once.
"""

from __future__ import annotations

from collections import Counter

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Asker, around, makeProxy
from vaurien_twisted.control.request_counter import RequestCounter
from vaurien_twisted.control.responses import Problem, answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.control.rules import RulesAPI
from vaurien_twisted.control.site import ControlRoot
from vaurien_twisted.control.toxiproxy import ToxiproxyAPI


def plain(request, failure):
    """
    A refusal in another form than the site's.
    """
    request.setResponseCode(418)
    return str(failure.value).encode()


class WeatherAPI:
    """
    A new API, known only by its routes.
    """

    routes = Routes()

    @routes.route("/weather", "GET")
    @routes.route("/weather/<town>", "GET", "PUT")
    def weather(self, request, town="here"):
        """
        The weather in a town.
        """
        return answer(request, {town: "sunny"})

    @routes.route("/proxies/<name>/weather", "DELETE")
    def noWeather(self, request, name):
        """
        It cannot be deleted.
        """
        raise Problem(409, f"{name} has no roof")


class PlainAPI:
    """
    An API with its own form of errors, which needs no token.
    """

    routes = Routes(plain, public=True)

    @routes.route("/plain", "GET")
    def plain(self, request):
        """
        Fail.
        """
        raise Problem(400, "no")


class RoutesTests(SynchronousTestCase):
    """
    What follows from a declaration.
    """

    def setUp(self) -> None:
        """
        A site with the new APIs and others.
        """
        self.requests = RequestCounter()
        proxies = around(makeProxy())
        apis = [RulesAPI(proxies), ToxiproxyAPI(proxies), WeatherAPI(), PlainAPI()]
        self.ask = Asker(ControlRoot(apis, [], self.requests)).ask
        self.asToken = Asker(ControlRoot(apis, [], None, "s3cret")).ask

    def test_served(self) -> None:
        """
        The site serves the route, with HEAD, and refuses other methods.
        """
        self.assertEqual(self.ask("GET", "/weather").json, {"here": "sunny"})
        self.assertEqual(self.ask("PUT", "/weather/Nice").json, {"Nice": "sunny"})
        head = self.ask("HEAD", "/weather/Nice")
        self.assertEqual((head.status, head.body), (200, b""))
        for method in ("POST", "OPTIONS", "BREW"):
            refusal = self.ask(method, "/weather/Nice")
            self.assertEqual((refusal.status, refusal.header("allow")), (405, "GET, HEAD, PUT"))

    def test_below(self) -> None:
        """
        A route below a path of another API is served by its own.
        """
        refusal = self.ask("DELETE", "/proxies/proxy/weather")
        self.assertEqual((refusal.status, refusal.error["description"]), (409, "proxy has no roof"))
        self.assertEqual(self.ask("GET", "/proxies/proxy").json["name"], "proxy")
        self.assertEqual(self.ask("GET", "/proxies/proxy/rules").json["rules"], [])
        self.assertEqual(self.ask("GET", "/proxies/proxy/other").json["status"], 404)

    def test_counted(self) -> None:
        """
        Its requests are counted by the beginning of the path.
        """
        for path in ("/weather", "/weather/Nice", "/weather/Nice/x", "/whether"):
            self.ask("GET", path)
        self.assertEqual(
            self.requests.counts,
            Counter(
                {
                    ("GET", "/weather", "200"): 2,
                    ("GET", "/weather", "404"): 1,
                    ("GET", "other", "404"): 1,
                }
            ),
        )

    def test_nearest(self) -> None:
        """
        A near miss is refused with the nearest path.
        """
        refusal = self.ask("GET", "/wether")
        self.assertEqual(refusal.status, 404)
        self.assertIn("did you mean '/weather'?", refusal.error["description"])

    def test_form(self) -> None:
        """
        Refusals have the form that the API declares, of paths below its own, too.
        """
        for path in ("/plain", "/plain/x"):
            self.assertEqual(self.ask("GET", path).status, 418, path)

    def test_public(self) -> None:
        """
        Only public routes are served without the token.
        """
        self.assertEqual(self.asToken("GET", "/plain").body, b"no")
        self.assertEqual(self.asToken("GET", "/weather").status, 401)

    def test_prefixes(self) -> None:
        """
        A path goes up to its last fixed segment.
        """
        self.assertEqual(
            set(WeatherAPI.routes.prefixes()), {("weather",), ("proxies", "*", "weather")}
        )
