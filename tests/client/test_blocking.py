"""
Tests for the blocking client, against a service on loopback.
"""

from __future__ import annotations

import os
import subprocess
import sys

from twisted.internet.protocol import Factory, Protocol
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site

from tests.control.support import REGISTRY, listening
from tests.ports import freePort
from vaurien_twisted.client.blocking import Client, ClientError, RequestRefused, Unreachable
from vaurien_twisted.control.access import Access

OPTIONS = {"sleep": 3.0, "before": False}


class Silent(Protocol):
    """
    A server that does not answer.
    """


def silence() -> Factory:
    """
    A server that does not answer.
    """
    return Factory.forProtocol(Silent)


def listenOn(case: TestCase, factory: Factory) -> str:
    """
    The URL of a server on loopback, which is there until C{case} is over.
    """
    from twisted.internet import reactor

    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    case.addCleanup(port.stopListening)
    return f"http://127.0.0.1:{port.getHost().port}"


class Old(Resource):
    """
    A Vaurien 1, which returns no options and has no rules.
    """

    isLeaf = True

    def __init__(self):
        super().__init__()
        self.put = []

    def render_GET(self, request):
        """
        Only the name.
        """
        if request.path != b"/behavior":
            request.setResponseCode(404)
            return b"<html>Not Found</html>"
        return b'{"behavior": "delay"}'

    def render_PUT(self, request):
        """
        Store the body.
        """
        self.put.append(request.content.read())
        return b'{"status": "ok"}'


class ImportTests(SynchronousTestCase):
    """
    The cost of a blocking client.
    """

    def test_lazy(self):
        """
        Neither the client nor the command loads Twisted.
        """
        program = (
            "import sys, vaurien_twisted.client.blocking, vaurien_twisted.ctl.main\n"
            "import vaurien_twisted.client.launcher\n"
            "sys.exit(any(n in sys.modules for n in ('twisted', 'treq', 'klein', 'zope')))"
        )
        done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, b""))


class ClientTests(TestCase):
    """
    The blocking client, in a thread, against a service on loopback.
    """

    timeout = 120

    async def setUp(self):
        """
        A service.
        """
        self.proxy, service = await listening(self)
        self.client = Client(url=f"http://{service.address}")

    async def test_behavior(self):
        """
        A behavior is set, and returned.
        """
        client = self.client

        def use():
            first = client.get_behavior()
            client.set_behavior("delay", **OPTIONS)
            return first, client.get_behavior(), client.get_options()

        self.assertEqual(await deferToThread(use), ("dummy", "delay", OPTIONS))

    async def test_token(self):
        """
        The token goes with every request.
        """
        _, service = await listening(self, access=Access("mine"))
        client = Client(url=f"http://{service.address}", token="mine")
        self.assertEqual(await deferToThread(client.get_behavior), "dummy")
        other = Client(url=f"http://{service.address}", token="other")
        with self.assertRaises(RequestRefused) as caught:
            await deferToThread(other.get_behavior)
        self.assertEqual(caught.exception.status, 401)

    async def test_lists(self):
        """
        The behaviors; the backend, read and set.
        """
        client = self.client

        def use():
            client.set_backend("example.com:80")
            return client.list_behaviors(), client.get_backend()

        expected = sorted(REGISTRY.behaviors), "example.com:80"
        self.assertEqual(await deferToThread(use), expected)

    async def test_pitfall18_restores(self):
        """
        After the block, also after an exception, the earlier behavior and its options are in force.
        """
        client = self.client
        inside = []

        def use():
            client.set_behavior("delay", **OPTIONS)
            with client.with_behavior("error", inject=True) as same:
                inside.append((same.get_behavior(), same.get_options()))
            after = client.get_behavior(), client.get_options()
            try:
                with client.with_behavior("hang"):
                    inside.append(client.get_behavior())
                    raise ZeroDivisionError
            except ZeroDivisionError:
                inside.append("raised")
            return after, (client.get_behavior(), client.get_options())

        result = await deferToThread(use)
        self.assertEqual(result, (("delay", OPTIONS),) * 2)
        name, options = inside[0]
        self.assertEqual((name, options["inject"], options["warmup"]), ("error", True, 0))
        self.assertEqual(inside[1:], ["hang", "raised"])

    async def test_pitfall18_restoresPercentages(self):
        """
        Percentages and the options of each behavior are restored too.
        """
        client = self.client

        def use():
            client.set_behavior("20:error,10:delay", delay=OPTIONS)
            plan = self.proxy.plan
            with client.with_behavior("dummy"):
                inside = self.proxy.plan
            return plan, inside

        plan, inside = await deferToThread(use)
        self.assertNotEqual(plan, inside)
        self.assertEqual(self.proxy.plan, plan)
        self.assertEqual(plan.draws[0].alternatives[1].options.sleep, 3.0)

    async def test_rules(self):
        """
        Rules are set, and returned; a block restores all of them, although a name cannot describe
        them.
        """
        client = self.client
        draw = [{"behavior": "hang", "percent": 5}, {"behavior": "error", "percent": 5}]
        when = {"client": "10.0.0.0/8"}
        rules = [{"behavior": "delay", "when": when, "times": 3, "for": 60}, {"draw": draw}]

        def use():
            client.set_rules(rules)
            plan, told = self.proxy.plan, client.get_rules()
            with client.with_behavior("dummy"):
                inside = client.get_rules()
            restored = self.proxy.plan
            client.set_rules([])
            return plan, told, inside, restored, client.get_rules()

        plan, told, inside, restored, emptied = await deferToThread(use)
        self.assertEqual([rule["times"] for rule in told[:1]], [3])
        self.assertEqual(inside, [{"behavior": "dummy"}])
        self.assertEqual(restored, plan)
        self.assertEqual(emptied, [])

    async def test_protocols(self):
        """
        The names, sorted.
        """
        names = await deferToThread(self.client.list_protocols)
        self.assertEqual(names, sorted(REGISTRY.wires))

    async def test_journal(self):
        """
        What happened, in parts.
        """
        for _ in range(5):
            self.proxy.journal.record("decision", "proxy", 1)
        entries = await deferToThread(self.client.journal, 1, 3)
        self.assertEqual([entry["id"] for entry in entries], [2, 3, 4])
        self.assertEqual(len(await deferToThread(self.client.journal)), 5)
        with self.assertRaises(RequestRefused):
            await deferToThread(self.client.journal, -1)

    async def test_refused(self):
        """
        A refusal has the service's words; a block whose behavior is refused is not
        entered, and nothing changes.
        """
        client = self.client
        entered = []

        def use():
            with client.with_behavior("dealy"):
                entered.append(1)

        with self.assertRaises(RequestRefused) as caught:
            await deferToThread(use)
        self.assertIn("did you mean 'delay'", caught.exception.description)
        self.assertEqual((caught.exception.name, entered), ("name", []))

    async def test_cannotRestore(self):
        """
        If the earlier rules cannot be restored, an exception of the block gets a note; without one
        it is an error.
        """
        client = Client(url=self.client.url)
        real = client.request
        puts = []

        def request(method, path, body=None):
            puts.append(method)
            if puts.count("PUT") > 1:
                raise ClientError("gone")
            return real(method, path, body)

        self.patch(client, "request", request)

        def fail():
            with client.with_behavior("hang"):
                raise ZeroDivisionError

        def use():
            with client.with_behavior("hang"):
                pass

        with self.assertRaises(ZeroDivisionError) as caught:
            await deferToThread(fail)
        note = "the behavior 'hang' is still in force: gone"
        self.assertEqual(caught.exception.__notes__, [note])
        puts.clear()
        with self.assertRaises(ClientError):
            await deferToThread(use)

    async def test_unreachable(self):
        """
        If nothing listens, the error has the URL, and advice.
        """
        client = Client(port=freePort())

        def enter():
            with client.with_behavior("hang"):
                pass

        with self.assertRaises(Unreachable):
            await deferToThread(enter)
        with self.assertRaises(Unreachable) as caught:
            await deferToThread(client.get_behavior)
        self.assertEqual(caught.exception.url, client.url)
        for word in (client.url, "onnection refused", "--http", "VAURIEN_URL"):
            self.assertIn(word, caught.exception.reason)

    async def test_unknownHost(self):
        """
        An invalid host name is reported like an unknown one.
        """
        client = Client("a" * 70 + ".invalid")
        with self.assertRaises(Unreachable):
            await deferToThread(client.get_behavior)

    async def test_silent(self):
        """
        There is a time limit for a server that does not answer.
        """
        url = listenOn(self, silence())
        client = Client(url=url, timeout=0.1)
        with self.assertRaises(Unreachable) as caught:
            await deferToThread(client.get_behavior)
        self.assertIn("timed out", caught.exception.reason)

    async def test_notTLS(self):
        """
        A server that speaks no TLS.
        """
        client = Client(url=self.client.url.replace("http:", "https:"), timeout=0.3)
        with self.assertRaises(Unreachable):
            await deferToThread(client.get_behavior)

    async def test_environmentProxy(self):
        """
        An HTTP proxy in the environment is not used.
        """
        nowhere = f"http://127.0.0.1:{freePort()}"
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            self.patch(os, "environ", {name: nowhere})
            self.assertEqual(await deferToThread(self.client.get_behavior), "dummy")

    async def test_old(self):
        """
        A Vaurien 1 gets its earlier name back.
        """
        from twisted.internet import reactor

        old = Old()
        client = Client(url=listenOn(self, Site(old, reactor=reactor)))

        def use():
            with client.with_behavior("hang"):
                pass

        await deferToThread(use)
        self.assertEqual(old.put, [b'{"name": "hang"}', b'{"name": "delay"}'])
