"""
Tests for the API that serves the web page, and for what the page is made of.
"""

from __future__ import annotations

import re
from importlib.resources import files

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Asker, around, makeProxy
from vaurien_twisted.control.page import INDEX, POLICY, PageAPI, Part, loadParts
from vaurien_twisted.control.responses import Problem
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.control.site import ControlRoot, controlRoot
from vaurien_twisted.model.options import specs
from vaurien_twisted.proxies.options import ProxyFields, ProxyOptions
from vaurien_twisted.rules.codec import fieldSpecs

#: How long a file of the page may be, in lines.
LONG = 350


def asking(parts=None):
    """
    A site with only the page.
    """
    return Asker(ControlRoot([PageAPI(parts)], []))


class PageFaceTests(SynchronousTestCase):
    """
    How the parts are served.
    """

    def test_index(self):
        """
        C{/} is the page.
        """
        answer = asking().ask("GET", "/")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.header("content-type"), "text/html; charset=utf-8")
        self.assertEqual(answer.body, loadParts()[INDEX].body)

    def test_links(self):
        """
        Requests for JSON get links, each of which works; all others get the page.
        """
        asker = Asker(controlRoot(around(makeProxy())))
        for accept in ("application/json", "application/json, text/html;q=0.5"):
            answer = asker.ask("GET", "/", headers={"accept": [accept]})
            self.assertEqual(answer.header("content-type"), "application/json")
            self.assertEqual(answer.header("vary"), "accept")
        for name, path in answer.json["links"].items():
            status = asker.ask("HEAD", path).status
            self.assertIn(status, (200, 400, 405), name)
        for accept in ("*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "", "image/png", "x"):
            answer = asker.ask("GET", "/", headers={"accept": [accept]})
            self.assertEqual(answer.header("content-type"), "text/html; charset=utf-8", accept)

    def test_parts(self):
        """
        Every other part is under C{/page}, with the type that browsers insist on.
        """
        types = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
        parts = loadParts()
        for name in sorted(set(parts) - {INDEX}):
            answer = asking().ask("GET", f"/page/{name}")
            self.assertEqual((answer.status, answer.body), (200, parts[name].body), name)
            kind = types.get(name.rpartition(".")[2], "image/svg+xml")
            self.assertEqual(answer.header("content-type"), kind)

    def test_policy(self):
        """
        The page may only use its own service, and must not be framed.
        """
        for path in ("/", "/page/main.js"):
            answer = asking().ask("GET", path)
            self.assertEqual(answer.header("content-security-policy"), POLICY)
            self.assertEqual(answer.header("x-content-type-options"), "nosniff")
            self.assertEqual(answer.header("referrer-policy"), "no-referrer")
        directives = dict(each.split(" ", 1) for each in POLICY.split("; "))
        self.assertEqual(
            directives,
            {
                "default-src": "'none'",
                "script-src": "'self'",
                "style-src": "'self'",
                "connect-src": "'self'",
                "img-src": "'self'",
                "base-uri": "'none'",
                "form-action": "'none'",
                "frame-ancestors": "'none'",
            },
        )

    def test_cache(self):
        """
        A browser with the current file gets 304 without its bytes; one with another version gets
        the file.
        """
        asker = asking()
        first = asker.ask("GET", "/page/main.js")
        self.assertEqual(first.header("cache-control"), "no-cache")
        tag = first.header("etag")
        again = asker.ask("GET", "/page/main.js", headers={"If-None-Match": tag})
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(again.header("etag"), tag)
        other = asker.ask("GET", "/page/main.js", headers={"If-None-Match": '"other"'})
        self.assertEqual((other.status, other.body), (200, first.body))

    def test_tags(self):
        """
        Other content has another tag.
        """
        kind = "image/svg+xml"
        self.assertEqual(Part(kind, b"one").tag, Part(kind, b"one").tag)
        self.assertNotEqual(Part(kind, b"one").tag, Part(kind, b"two").tag)

    def test_head(self):
        """
        HEAD has GET's headers and no body.
        """
        got, head = asking().ask("GET", "/"), asking().ask("HEAD", "/")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.header("content-length"), str(len(got.body)))
        for name in ("content-type", "etag", "content-security-policy"):
            self.assertEqual(head.header(name), got.header(name))

    def test_unknown(self):
        """
        404 names the nearest part; no path leads out of the page's folder.
        """
        error = asking().ask("GET", "/page/mian.js").error
        self.assertEqual((error["location"], error["name"]), ("path", "/page/mian.js"))
        self.assertIn("did you mean 'main.js'", error["description"])
        for path in ("/page/", "/page/index.html", "/page/..%2Fpage.py", "/page/page.py"):
            answer = asking().ask("GET", path)
            self.assertEqual((answer.status, answer.json["status"]), (404, "error"), path)
        self.assertEqual(asking().ask("POST", "/").header("allow"), "GET, HEAD")

    def test_checked(self):
        """
        What every request to the site must pass, the page must.
        """

        def check(request):
            raise Problem(403, "not from there", "Host", "header")

        answer = Asker(ControlRoot([PageAPI()], [check])).ask("GET", "/")
        self.assertEqual((answer.status, answer.error["name"]), (403, "Host"))

    def test_public(self):
        """
        With a token, the page and its errors need none; other paths do.
        """
        root = ControlRoot([PageAPI(), Secrets()], [], token="open-sesame")
        asker = Asker(root)
        self.assertEqual(asker.ask("GET", "/").status, 200)
        self.assertEqual(asker.ask("GET", "/page/main.js").status, 200)
        self.assertEqual(asker.ask("GET", "/page/none.js").status, 404)
        self.assertEqual(asker.ask("GET", "/state").status, 401)


class Secrets:
    """
    An API that is not public.
    """

    routes = Routes()

    @routes.route("/state", "GET")
    def secret(self, request):
        """
        What needs the token.
        """
        return b"secret"


class PartsTests(SynchronousTestCase):
    """
    What the parts hold.
    """

    def texts(self, ending):
        """
        The text of all parts whose names end so.
        """
        parts = loadParts()
        return {name: parts[name].body.decode() for name in parts if name.endswith(ending)}

    def test_all(self):
        """
        Every file of the folder is served with a known media type.
        """
        folder = files("vaurien_twisted.control").joinpath("page")
        self.assertEqual({file.name for file in folder.iterdir()}, set(loadParts()))

    def test_complete(self):
        """
        Each part that another names is there, and each that is there is named.
        """
        parts = loadParts()
        named = {INDEX}
        for name, text in self.texts(("html", "js", "css")).items():
            found = re.findall(r'"page/([^"]+)"', text)
            found += re.findall(r'from "\./([^"]+)"', text)
            self.assertLessEqual(set(found), set(parts), name)
            named.update(found)
        self.assertEqual(named, set(parts))

    def test_nothingElsewhere(self):
        """
        No file names another host, except for namespaces and the default URL of a service.
        """
        for name, text in self.texts("").items():
            text = text.replace("http://www.w3.org/2000/svg", "")
            text = text.replace("http://localhost:8080", "")
            self.assertNotRegex(text, r"https?:|@import|\burl\(|\bimport\(", name)
            self.assertNotRegex(text, r"""["'(]//""", name)

    def test_noMarkup(self):
        """
        Text of the service cannot become markup or code.
        """
        for name, text in self.texts("js").items():
            self.assertNotRegex(
                text,
                r"(?i)innerHTML|outerHTML|insertAdjacentHTML|setHTML|document\.write|DOMParser"
                r"|createContextualFragment|\beval\b|new Function|srcdoc|javascript:",
                name,
            )

    def test_noInline(self):
        """
        Nothing in the page needs what the policy forbids: styles and scripts within it.
        """
        [text] = self.texts("html").values()
        self.assertNotRegex(text, r"(?i)<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)")

    def test_labels(self):
        """
        Every control of the page has a name.
        """
        [text] = self.texts("html").values()
        for label, name in re.findall(r"<label([^>]*)>(.*?)</label>", text, flags=re.DOTALL):
            self.assertTrue(re.sub(r"<[^>]+>", "", name).strip(), label)
        named = re.findall(r'<label[^>]* for="([^"]+)"', text)
        labelled = re.sub(r"<label.*?</label>", "", text, flags=re.DOTALL)
        labelled = re.sub(rf'<(?:input|select)[^>]* id="(?:{"|".join(named)})"', "", labelled)
        self.assertNotRegex(labelled, r"<(input|select|textarea)\b")
        for attributes, content in re.findall(r"<button([^>]*)>(.*?)</button>", text):
            said = re.sub(r"<[^>]+>", "", content).strip()
            self.assertTrue("aria-label=" in attributes or len(said) > 1, content)

    def test_short(self):
        """
        Each part is one idea, to be read at a sitting.
        """
        for name, text in self.texts("").items():
            self.assertLessEqual(text.count("\n"), LONG, name)

    def test_declaredFields(self):
        """
        The forms ask for the fields of rules and proxies, and list none themselves.
        """
        for name, part in (("rules.js", "schema.rule"), ("proxyform.js", "schema.proxy")):
            self.assertIn(part, self.texts("js")[name])
        names = {*fieldSpecs(), *specs(ProxyFields), *specs(ProxyOptions)}
        for name in ("ruleform.js", "proxyform.js"):
            listed = re.findall(r"\bname: [\"'](\w+)[\"']", self.texts("js")[name])
            self.assertEqual(names & set(listed), set(), name)
