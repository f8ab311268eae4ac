"""
Tests for the site, which all APIs share.
"""

from __future__ import annotations

import subprocess
import sys

from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.test.requesthelper import DummyRequest
from werkzeug.exceptions import Gone

from tests.control.support import Asker, around, controlled, makeProxy
from vaurien_twisted.control.responses import Problem, problemOf
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.control.site import ControlRoot
from vaurien_twisted.control.vaurien import VaurienAPI


class OtherAPI:
    """
    Another API, that answers with text.
    """

    routes = Routes()

    @routes.route("/metrics", "GET")
    def metrics(self, request):
        """
        Text, not JSON.
        """
        request.setHeader("content-type", "text/plain")
        return b"1"


class BrokenAPI:
    """
    An API with a defect.
    """

    routes = Routes()

    @routes.route("/broken", "GET")
    def broken(self, request):
        """
        Raise an unexpected error.
        """
        raise ZeroDivisionError("the insides")


class SiteTests(SynchronousTestCase):
    """
    Paths, methods and failures.
    """

    def test_contentType(self):
        """
        Every answer is JSON, and must not be cached or sniffed.
        """
        _, asker = controlled()
        for method, path, status in (
            ("GET", "/behavior", 200),
            ("GET", "/behaviour", 404),
            ("GET", "/behavior/", 404),
            ("GET", "/behavior/x", 404),
            ("GET", "/%ff", 400),
            ("GET", "/behavior/%ff", 400),
            ("POST", "/behavior", 405),
            ("OPTIONS", "/behavior", 405),
            ("BREW", "/behavior", 405),
            ("PUT", "/behavior", 400),
        ):
            answer = asker.ask(method, path)
            self.assertEqual(answer.status, status, path)
            self.assertEqual(answer.header("content-type"), "application/json")
            self.assertEqual(answer.header("cache-control"), "no-store")
            self.assertIsInstance(answer.json, dict)
            self.assertEqual("errors" in answer.json, status != 200)

    def test_unknownPath(self):
        """
        404 names the nearest path.
        """
        error = controlled()[1].ask("GET", "/behaviour").error
        self.assertEqual((error["location"], error["name"]), ("path", "/behaviour"))
        self.assertIn("did you mean '/behavior'", error["description"])

    def test_unknownMethod(self):
        """
        405 has the allowed methods in its text and in Allow.
        """
        answer = controlled()[1].ask("DELETE", "/behavior")
        self.assertEqual(answer.header("allow"), "GET, HEAD, PUT")
        self.assertEqual((answer.error["location"], answer.error["name"]), ("method", "DELETE"))
        self.assertIn("GET, HEAD, PUT", answer.error["description"])

    def test_head(self):
        """
        HEAD has GET's status and headers, and no body.
        """
        _, asker = controlled()
        for path, status in (("/behavior", 200), ("/behaviors", 200), ("/nothing", 404)):
            got, head = asker.ask("GET", path), asker.ask("HEAD", path)
            self.assertEqual((head.status, head.body), (status, b""))
            self.assertEqual(head.header("content-type"), "application/json")
            self.assertEqual(head.header("content-length"), str(len(got.body)))

    def test_apis(self):
        """
        Each API has its paths; an unexpected error is logged, and answered as JSON without details.
        """
        root = ControlRoot([VaurienAPI(around(makeProxy())), OtherAPI(), BrokenAPI()], [])
        asker = Asker(root)
        self.assertEqual(asker.ask("GET", "/behavior").status, 200)
        self.assertEqual(asker.ask("GET", "/metrics").body, b"1")
        answer = asker.ask("GET", "/broken")
        self.assertEqual((answer.status, answer.header("content-type")), (500, "application/json"))
        self.assertNotIn(b"insides", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_brokenModel(self):
        """
        An unexpected error in a route of Vaurien's own API is answered likewise.
        """
        proxy, asker = controlled()
        self.patch(proxy.faults, "setPlan", lambda plan: 1 // 0)
        answer = asker.ask("PUT", "/behavior", {"name": "hang"})
        self.assertEqual((answer.status, answer.error["location"]), (500, "path"))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_otherHTTPErrors(self):
        """
        Whatever else the routing raises keeps its status.
        """
        request = DummyRequest([b"behavior"])
        request.path = b"/behavior"
        problem = problemOf(request, Failure(Gone()))
        self.assertEqual((problem.status, problem.location), (410, "path"))
        self.assertEqual(problem.description, "Gone: '/behavior'")

    def test_checks(self):
        """
        Checks run in order, before any API.
        """
        asked = []

        def first(request):
            asked.append("first")

        def second(request):
            asked.append("second")
            raise Problem(401, "who are you?", "Authorization", "header", {"WWW-Authenticate": "x"})

        answer = Asker(ControlRoot([BrokenAPI()], [first, second])).ask("GET", "/broken")
        self.assertEqual((answer.status, answer.header("www-authenticate")), (401, "x"))
        self.assertEqual(asked, ["first", "second"])

    def test_noWarnings(self):
        """
        Loading the site warns of nothing, and loads no C{twisted.web.static}, which does.
        """
        program = (
            "import sys, vaurien_twisted.control.site\n"
            "sys.exit('twisted.web.static' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
