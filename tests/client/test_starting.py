"""
Tests for L{vaurien_twisted.client.starting}.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.client.test_launcher import PATIENCE, alive
from vaurien_twisted import Client, start_proxy
from vaurien_twisted.client import launcher, starting
from vaurien_twisted.client.launcher import ProxyError


class StartTests(SynchronousTestCase):
    """
    The proxy itself.
    """

    def words(self, **arguments):
        """
        The command line that L{start_proxy} makes of C{arguments}.
        """
        made = []
        self.patch(starting, "launch", lambda *asked: made.append(asked))
        start_proxy(**arguments)
        ((command, timeout, self.environment, self.log),) = made
        self.assertEqual(command[:3], [sys.executable, "-m", "vaurien_twisted"])
        return " ".join(command[3:]), timeout

    def test_defaults(self):
        """
        The defaults of 2013.
        """
        words, timeout = self.words()
        self.assertEqual(
            words,
            "--protocol tcp --proxy localhost:8000 --backend localhost:8888"
            " --http --http-host localhost --http-port 8080 --log-level info --log-output -",
        )
        self.assertEqual(timeout, 30.0)

    def test_arguments(self):
        """
        Every argument has its place.
        """
        words, timeout = self.words(
            proxy_host="::1",
            proxy_port=1,
            backend_host="db",
            backend_port=2,
            protocol="mysql",
            http=False,
            options=["--seed", "3"],
            log_level="error",
            log_output="/dev/null",
            timeout=4,
        )
        self.assertEqual(
            words,
            "--protocol mysql --proxy [::1]:1 --backend db:2"
            " --log-level error --log-output /dev/null --seed 3",
        )
        self.assertEqual(timeout, 4)

    def test_token(self):
        """
        The token goes into the environment, where other users cannot see it.
        """
        words, _ = self.words(token="secret")
        self.assertNotIn("secret", words)
        self.assertEqual(self.environment, {"VAURIEN_TOKEN": "secret"})
        self.words()
        self.assertEqual(self.environment, {})

    def test_port(self):
        """
        C{port} is the control service's, and cannot be without it.
        """
        self.assertIn("--http-port 9", self.words(port=9)[0])
        self.assertRaises(ValueError, start_proxy, port=9, http=False)

    def test_options(self):
        """
        Options are words, not one text.
        """
        self.assertRaises(TypeError, start_proxy, options="--seed 3")
        self.assertRaises(TypeError, start_proxy, options=["--seed", 3])

    def test_optionsFirst(self):
        """
        C{options} take precedence over the parameters, since the command line refuses both.
        """
        words, _ = self.words(options=["--backend", "unix:/tmp/db", "--protocol=redis"])
        self.assertEqual(words.count("--backend"), 1)
        self.assertEqual(words.count("--protocol"), 1)
        self.assertIn("--backend unix:/tmp/db --protocol=redis", words)

    def test_real(self):
        """
        A real proxy: as the article of 2012 has it, but on free ports.
        """
        with start_proxy(
            proxy_port=0, port=0, log_output=os.devnull, log_level="error", timeout=PATIENCE
        ) as proxy:
            client = Client(url=proxy.http_url)
            with client.with_behavior("error", inject=True):
                self.assertEqual(client.get_behavior(), "error")
            self.assertEqual(client.get_behavior(), "dummy")
            with socket.create_connection(("127.0.0.1", proxy.proxy_port), timeout=PATIENCE):
                pass
        self.assertFalse(alive(proxy))

    def test_portTaken(self):
        """
        A proxy that cannot listen says why.
        """
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            error = self.assertRaises(
                ProxyError, start_proxy, proxy_port=port, port=0, timeout=PATIENCE
            )
        self.assertIn(f"cannot listen on localhost:{port}", str(error))
        self.assertNotIn("Traceback", str(error))

    def test_badOption(self):
        """
        A refused command line is reported with the command's own message.
        """
        error = self.assertRaises(
            ProxyError, start_proxy, protocol="mysl", proxy_port=0, port=0, timeout=PATIENCE
        )
        self.assertIn("did you mean 'mysql'", str(error))

    def test_pitfall36_brackets(self):
        """
        An IPv6 host may be in brackets or not.
        """
        for host in ("::1", "[::1]"):
            self.assertEqual(starting._place(host, 80), "[::1]:80")
        self.assertEqual(starting._place("localhost", 80), "localhost:80")

    def test_several(self):
        """
        Several proxies in one process, each on a free port; the first is the one of old names.
        """
        wanted = {
            "db": "mysql://localhost:3306",
            "cache": {"upstream": "localhost:6379", "protocol": "redis", "enabled": False},
        }
        with start_proxy(proxies=wanted, control_port=0, quiet=True, timeout=PATIENCE) as proxy:
            client = Client(url=proxy.http_url)
            found = {each.name: each.info() for each in client.list_proxies()}
            self.assertEqual({name: each["listen"] for name, each in found.items()}, proxy.proxies)
            self.assertEqual(found["db"]["protocol"], "mysql")
            self.assertFalse(found["cache"]["enabled"])
            self.assertEqual(proxy.proxy_address, proxy.proxies["db"])
            self.assertTrue(proxy.http_url.endswith(f":{proxy.http_port}"))
            self.assertIn("control: http", proxy.log())
        self.assertEqual(proxy.log(), "")
        self.assertFalse(alive(proxy))

    def test_severalRefused(self):
        """
        One proxy that is refused ends the process, and is named.
        """
        wanted = {"db": "localhost:3306", "cache": "rediss://localhost:1"}
        before = set(launcher._running)
        error = self.assertRaises(ProxyError, start_proxy, proxies=wanted, control_port=0)
        self.assertIn("proxy 'cache': ", str(error))
        self.assertEqual(set(launcher._running) - before, set())
        self.assertRaises(ValueError, start_proxy, proxies={}, http=False)

    def test_quiet(self):
        """
        A quiet log is shown when the block fails, and removed with the process.
        """
        errors = io.StringIO()
        proxy = start_proxy(proxies={}, control_port=0, quiet=True, timeout=PATIENCE)
        path = launcher._logs[proxy]
        with contextlib.suppress(ZeroDivisionError), contextlib.redirect_stderr(errors), proxy:
            raise ZeroDivisionError
        self.assertIn("control: http", errors.getvalue())
        self.assertFalse(os.path.exists(path))
        self.assertRaises(
            ProxyError, start_proxy, control_port=0, quiet=True, options=["--nonsense"]
        )
