"""
Tests for the guard against web pages.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from twisted.web.test.requesthelper import DummyRequest

from tests.control.support import Asker, around, controlled, makeProxy
from vaurien_twisted.control.host_check import HostCheck
from vaurien_twisted.control.responses import Problem
from vaurien_twisted.control.site import controlRoot
from vaurien_twisted.rules.plan import Plan


class HostTests(SynchronousTestCase):
    """
    Which names the service may be called by.
    """

    def status(self, host, asker=None):
        """
        The status that a request with this C{Host} gets.
        """
        asker = controlled()[1] if asker is None else asker
        answer = asker.ask("GET", "/behavior", headers={"Host": host})
        if answer.status == 403:
            self.assertEqual((answer.error["location"], answer.error["name"]), ("header", "Host"))
            self.assertEqual(answer.header("content-type"), "application/json")
        return answer.status

    def test_ours(self):
        """
        C{localhost} and IP addresses, with a port or without, pass.
        """
        for host in (
            "localhost",
            "localhost:8080",
            "LocalHost.:1",
            "127.0.0.1",
            "192.168.1.7:8080",
            "[::1]",
            "[fe80::1]:8080",
            "localhost:",
        ):
            self.assertEqual(self.status(host), 200, host)

    def test_pitfall16_rebinding(self):
        """
        Another name is refused, whatever program sends it.
        """
        for host in (
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "notlocalhost",
            "::1",
            "[localhost]",
            "[127.0.0.1]",
            "localhost:80:80",
            "user@localhost",
            "localhost/",
            "localhost:http",
            "",
            "\xff",
        ):
            self.assertEqual(self.status(host.encode("latin-1")), 403, host)

    def test_pitfall16_userAgentIsNoMatter(self):
        """
        A browser that uses the service's name may read; one with a rebound name may not, whatever
        its User-Agent.
        """
        asker = controlled()[1]
        browser = {"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}
        self.assertEqual(asker.ask("GET", "/behavior", headers=browser).status, 200)
        curl = {"User-Agent": "curl/8.0", "Host": "evil.example"}
        self.assertEqual(asker.ask("GET", "/behavior", headers=curl).status, 403)

    def test_allowed(self):
        """
        The name that the service listens on passes.
        """
        asker = Asker(controlRoot(around(makeProxy()), ["Chaos.example"]))
        self.assertEqual(self.status("chaos.example:8080", asker), 200)
        self.assertEqual(self.status("chaos.example.evil.example", asker), 403)

    def test_pitfall32_oddNames(self):
        """
        So does a name with an underscore, and one in another alphabet, which is sent in ASCII.
        """
        for own, sent in (
            ("my_service", "My_Service:8080"),
            ("my_service", "my_service."),
            ("b\u00fccher.example", "xn--bcher-kva.example:8080"),
        ):
            asker = Asker(controlRoot(around(makeProxy()), [own]))
            self.assertEqual(self.status(sent, asker), 200)
            self.assertEqual(self.status("my-service", asker), 403)

    def test_twice(self):
        """
        Two C{Host} headers are one too many.
        """
        request = DummyRequest([b""])
        request.requestHeaders.setRawHeaders("host", ["localhost", "evil.example"])
        problem = self.assertRaises(Problem, HostCheck().check, request)
        self.assertEqual((problem.status, problem.name), (403, "Host"))

    def test_everyPath(self):
        """
        Paths that are not there are guarded as well.
        """
        answer = controlled()[1].ask("GET", "/nothing", headers={"Host": "evil.example"})
        self.assertEqual(answer.status, 403)


class OriginTests(SynchronousTestCase):
    """
    Which pages may use the service.
    """

    def put(self, origin, host="localhost:8080", url="http://localhost"):
        """
        Set a behavior as a page of C{origin} would; the answer, and the plan then in force.
        """
        proxy, asker = controlled()
        headers = {"Origin": origin, "Host": host}
        answer = asker.ask("PUT", "/behavior", {"name": "hang"}, headers=headers, url=url)
        return answer, proxy.plan

    def test_own(self):
        """
        The service's own pages pass, with the default port written or not.
        """
        for origin, host in (
            ("http://localhost:8080", "localhost:8080"),
            ("http://LOCALHOST:8080", "localhost:8080"),
            ("http://localhost", "localhost:80"),
            ("http://127.0.0.1:80", "127.0.0.1"),
            ("http://[::1]:8080", "[::1]:8080"),
        ):
            answer, _ = self.put(origin, host)
            self.assertEqual(answer.status, 200, origin)

    def test_ownSecure(self):
        """
        Over TLS the scheme is C{https}.
        """
        for origin, status in (("https://localhost", 200), ("http://localhost", 403)):
            answer, _ = self.put(origin, "localhost", "https://localhost")
            self.assertEqual(answer.status, status)

    def test_pitfall16_otherOrigins(self):
        """
        Pages of other sites, ports and schemes, and of no site, change nothing.
        """
        for origin in (
            "http://evil.example",
            "http://localhost:8081",
            "http://localhost",
            "https://localhost:8080",
            "http://127.0.0.1:8080",
            "null",
            "",
            "file://",
            "http://localhost:8080/",
            ["http://localhost:8080", "http://evil.example"],
        ):
            answer, plan = self.put(origin)
            self.assertEqual(answer.status, 403, origin)
            self.assertEqual(answer.error["name"], "Origin")
            self.assertEqual(plan, Plan())


class FetchSiteTests(SynchronousTestCase):
    """
    The headers of browsers about the page that sends the request.
    """

    def ask(self, method, path, site, body=None):
        """
        The answer to a request of a page of C{site}.
        """
        return controlled()[1].ask(method, path, body, headers={"Sec-Fetch-Site": site})

    def test_own(self):
        """
        The service's own page may send requests, and so may a typed address.
        """
        for site in ("same-origin", "none"):
            self.assertEqual(self.ask("GET", "/behavior", site).status, 200)
            self.assertEqual(self.ask("PUT", "/behavior", site, {"name": "hang"}).status, 200)

    def test_pitfall44_others(self):
        """
        Pages of other sites may neither read nor change anything, whatever they call it.
        """
        several = ["same-origin", "cross-site"]
        for site in ("cross-site", "same-site", "CROSS-SITE", "", "other", several):
            for method, path, body in (
                ("GET", "/", None),
                ("GET", "/behavior", None),
                ("GET", "/rules", None),
                ("GET", "/metrics", None),
                ("GET", "/proxies", None),
                ("PUT", "/behavior", {"name": "hang"}),
                ("POST", "/reset", None),
                ("DELETE", "/proxies/proxy", None),
            ):
                answer = self.ask(method, path, site, body)
                self.assertEqual(answer.status, 403, (method, path, site))

    def test_pitfall44_anyHost(self):
        """
        So it is where a service may be called by any name.
        """
        proxy = makeProxy()
        asker = Asker(controlRoot(around(proxy), anyHost=True))
        headers = {"Host": "vaurien.example", "Sec-Fetch-Site": "same-site"}
        self.assertEqual(asker.ask("GET", "/behavior", headers=headers).status, 403)
