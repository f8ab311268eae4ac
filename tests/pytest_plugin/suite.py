"""
Tests of the plugin by pytest's own pytester; L{tests.pytest_plugin.test_plugin} runs them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.pytest_plugin import PLUGIN
from vaurien_twisted import Client, start_proxy

pytest_plugins = ["pytester"]


CONFTEST = """
import http.server, threading, urllib.error, urllib.request
import pytest

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *words):
        pass

@pytest.fixture(scope="session")
def backend():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()

@pytest.fixture
def web(vaurien, backend):
    return vaurien.proxy("web", backend, protocol="http")

@pytest.fixture
def get(web):
    def get(path="/"):
        try:
            with urllib.request.urlopen(web.url + path) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
    return get
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    """
    Runs a suite with the plugin.
    """
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    pytester.makeconftest(CONFTEST)

    def run(source, *words):
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess("-p", PLUGIN, "-p", "no:cacheprovider", *words)

    return run


MIXED = """
import pytest

def test_plain(get):
    assert get() == 200

def test_block(web, get):
    with web.fault("error", code=503, when={"path": "/orders/*"}, times=1) as fault:
        assert (get("/"), get("/orders/1"), get("/orders/2")) == (200, 503, 200)
        assert fault.struck == 1
    assert [each["description"] for each in fault.exchanges] == ["GET /orders/1"]

@pytest.mark.vaurien("web", "error", code="429", times=1)
def test_marker(get):
    assert (get(), get()) == (429, 200)

def test_leaves(web):
    web.set_behavior("hang")
    web.add_toxic("latency", latency=100)
    web.set_backend("127.0.0.1:1")
    web.disable()

def test_normal(web, get):
    assert (get(), web.get_rules(), web.toxics()) == (200, [], [])

def test_may_miss(web):
    with web.fault("error", may_miss=True) as fault:
        pass
    assert fault.struck == 0

@pytest.mark.parametrize("number", range(4))
def test_drawn(web, get, number):
    with web.fault("error", code=503, percent=50, may_miss=True):
        assert {get() for _ in range(10)} <= {200, 503}
"""


def decisions(folder):
    """
    What was decided in each test, of all workers.
    """
    found = {}
    for path in folder.glob("*.jsonl"):
        for line in path.read_text().splitlines():
            told = json.loads(line)
            found[told["test"]] = [
                (each["description"], each["rule"], each["reason"]) for each in told["journal"]
            ]
    return found


def test_mixed(suite, pytester):
    """
    Blocks, markers and what is put back; the same in order, shuffled, side by side and alone.
    """
    ways = {
        "order": ("-p", "no:randomly"),
        "shuffled": ("-p", "randomly", "-p", "no:xdist"),
        "workers": ("-n", "2"),
    }
    seen = {}
    for name, words in ways.items():
        result = suite(MIXED, "--vaurien-seed=7", f"--vaurien-report={name}", *words)
        result.assert_outcomes(passed=10)
        seen[name] = decisions(pytester.path / name)
    assert seen["order"] == seen["shuffled"] == seen["workers"]
    alone = "test_mixed.py::test_drawn[3]"
    words = (alone, "--vaurien-seed=7", "--vaurien-report=alone", "-p", "no:randomly")
    pytester.runpytest_subprocess("-p", PLUGIN, *words).assert_outcomes(passed=1)
    assert decisions(pytester.path / "alone") == {alone: seen["order"][alone]}
    assert len({len(seen["order"][name]) for name in seen["order"] if "drawn" in name}) > 1


def test_missed(suite):
    """
    A fault that never struck fails its test, in one message with the nearest miss.
    """
    result = suite(
        """
        import pytest

        def test_case(web, get):
            with web.fault("error", when={"path": "/Orders/*"}):
                get("/orders/1")

        @pytest.mark.vaurien("web", "hang")
        def test_nothing(web):
            pass
        """,
        "-p",
        "no:randomly",
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*1 exchange was seen, none matched path '/Orders/[*]'; nearest: 'GET /orders/1': "
            "path '/Orders/[*]' did not match: the pattern is case-sensitive*",
            "*0 exchanges were seen: did the application connect through the proxy?*",
        ]
    )
    result.stdout.no_fnmatch_line("*__exit__*")


def test_mistakes(suite):
    """
    A mistake in a marker or a block fails its test in one message, without our own frames.
    """
    result = suite(
        """
        import pytest

        @pytest.mark.vaurien("wbe", "hang")
        def test_proxy(web):
            pass

        @pytest.mark.vaurien("web", "hnag")
        def test_behavior(web):
            pass

        @pytest.mark.vaurien("web")
        def test_words(web):
            pass

        def test_block(web):
            with web.fault("hnag"):
                pass
        """,
        "-p",
        "no:randomly",
    )
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(
        [
            "the marker vaurien('wbe', 'hang'): there is no backend for the proxy 'wbe': *",
            "the marker vaurien('web', 'hnag'): there is no behavior 'hnag': did you mean*",
            "the marker vaurien takes a proxy and a behavior, *, not ?*web*",
            "E *RequestRefused: there is no behavior 'hnag': did you mean 'hang'?",
        ]
    )
    result.stdout.no_fnmatch_line("*vaurien_twisted/*.py:*")


def test_section(suite):
    """
    A test that fails says how to repeat it and what was done to which request.
    """
    result = suite(
        """
        def test_fails(web, get):
            with web.fault("error", code=503):
                assert get("/orders") == 200
        """,
        "--vaurien-seed=42",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- vaurien -*",
            "seed 42: pytest 'test_section.py::test_fails' --vaurien-seed=42",
            "*error: 100:error code=503 on web: 1 seen, 1 matched, 1 struck",
            "*web connection * exchange 1 decision: GET /orders, error: 100:error code=503,*",
        ]
    )


def test_declared(suite, pytester, monkeypatch):
    """
    Proxies of the configuration, with variables of the environment; unknown ones are refused.
    """
    monkeypatch.setenv("SHOP_DB", "127.0.0.1:3306")
    pytester.makeini(
        "[pytest]\nvaurien_proxies =\n    db = mysql://$SHOP_DB\n    raw = localhost:1\n"
    )
    result = suite(
        """
        import pytest

        def test_declared(vaurien):
            assert vaurien.proxy("db").info()["protocol"] == "mysql"
            assert vaurien.proxy("db").get_backend() == "127.0.0.1:3306"
            assert vaurien.proxy("raw").info()["protocol"] == "tcp"
            with pytest.raises(ValueError, match="vaurien_proxies has: db, raw"):
                vaurien.proxy("bd")
            with pytest.raises(ValueError, match="has backend 127.0.0.1:3306"):
                vaurien.proxy("db", "localhost:9")
        """
    )
    result.assert_outcomes(passed=1)
    pytester.makeini("[pytest]\nvaurien_proxies = db mysql\n")
    result = suite("def test_a(): pass")
    result.stderr.fnmatch_lines(["*'db mysql' is not of the form 'db = mysql://localhost:3306'*"])


def test_idle(suite):
    """
    A suite without proxies starts nothing.
    """
    result = suite("def test_a(vaurien):\n    assert not vaurien.used\n")
    result.assert_outcomes(passed=1)


def test_asyncio(suite):
    """
    Tests that are coroutines.
    """
    result = suite(
        """
        import pytest

        @pytest.mark.asyncio
        async def test_hit(web, get):
            with web.fault("error", code=503):
                assert get() == 503
        """
    )
    result.assert_outcomes(passed=1)


def test_killed(pytester, monkeypatch):
    """
    All that a test process set, its proxies included, is lifted from a shared server when the
    process is killed; what others set stays.
    """
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    monkeypatch.setattr("vaurien_twisted.pytest_plugin.server.LEASE", 1.0)
    pytester.makeconftest("import vaurien_twisted.pytest_plugin.server as s\ns.LEASE = 1.0\n")
    path = pytester.makepyfile(
        """
        import time

        def test_waits(vaurien):
            one = vaurien.proxy("behavior", "127.0.0.1:9")
            one.set_behavior("hang")
            one.set_backend("127.0.0.1:10")
            two = vaurien.proxy("rules", "127.0.0.1:9")
            two.set_rules([{"behavior": "hang"}])
            two.disable()
            three = vaurien.proxy("toxic", "127.0.0.1:9")
            three.add_toxic("latency", latency=100)
            with vaurien.proxy("fault", "127.0.0.1:9").fault("hang"):
                time.sleep(600)
        """
    )
    words = ["--toxiproxy", "127.0.0.1:0"]
    with start_proxy(proxy_port=0, backend_port=9, port=0, options=words) as process:
        client = Client(url=process.http_url)
        client.set_rules([{"behavior": "delay", "name": "own"}])
        command = [sys.executable, "-m", "pytest", "-p", PLUGIN, str(path)]
        command.append(f"--vaurien-url={process.http_url}")
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            until(lambda: states(client)[3:] == [(True, "127.0.0.1:9", 1)])
            disturbed = [(True, "127.0.0.1:10", 1), (False, "127.0.0.1:9", 1)]
            assert states(client)[:3] == [*disturbed, (True, "127.0.0.1:9", 1)]
            running.send_signal(signal.SIGKILL)
            until(lambda: [proxy.name for proxy in client.list_proxies()] == ["proxy"])
        finally:
            running.kill()
            running.wait()
        assert [rule["name"] for rule in client.get_rules()] == ["own"]


def states(client):
    """
    Of all proxies but the first: whether each is enabled, its backend, and how many faults it has.
    """
    infos = [proxy.info() for proxy in client.list_proxies()[1:]]
    return [
        (info["enabled"], info["upstream"], len(client.proxy(info["name"]).counts()))
        for info in infos
    ]


def until(condition):
    """
    Wait for what is to happen.
    """
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
