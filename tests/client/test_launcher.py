"""
Tests for proxies in processes of their own.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from importlib.util import find_spec

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.client import launcher as process
from vaurien_twisted.client.launcher import (
    ProxyError,
    ProxyProcess,
    launch,
    stop_proxy,
)

#: The start of a child's program: C{say} announces, as the command line asks it to.
SAY = """
import json, os, signal, sys, time
def say(line):
    os.write(int(sys.argv[sys.argv.index("--announce") + 1]), line.encode())
ready = json.dumps({"proxy": "127.0.0.1:8000", "http": "0.0.0.0:8080"}) + "\\n"
"""


#: Starts a proxy, asks it and stops it; what came of it is in a file.
SURROUNDED = """
import os, sys
from vaurien_twisted import Client, start_proxy, stop_proxy
proxy = start_proxy(proxy_port=0, port=0, backend_port=1, log_output=sys.argv[2], timeout=120)
client = Client(url=proxy.http_url, timeout=120)
client.set_behavior("hang")
behavior = client.get_behavior()
stop_proxy(proxy)
try:
    os.kill(proxy, 0)
except ProcessLookupError:
    with open(sys.argv[1], "w") as file:
        file.write(behavior)
"""

REAL_KILL = os.kill

#: The time limit of a child's start, in seconds; only a hang takes so long.
PATIENCE = 120.0


def descriptors():
    """
    The open file descriptors, with their targets.
    """
    folder = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
    found = set()
    for number in os.listdir(folder):
        # The descriptor of this listing is closed by now.
        with contextlib.suppress(OSError):
            found.add((number, os.readlink(f"{folder}/{number}")))
    return found


def child(program: str, timeout: float = PATIENCE) -> ProxyProcess:
    """
    Launch a stand-in for the proxy.
    """
    return launch([sys.executable, "-c", SAY + program], timeout)


def alive(pid: int) -> bool:
    """
    Whether there is such a process.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class LaunchTests(SynchronousTestCase):
    """
    Starting and stopping a child, with a stand-in.
    """

    def test_announced(self):
        """
        The announcement of the child; for all interfaces, an address to connect to.
        """
        started = child("say(ready); time.sleep(600)")
        self.addCleanup(lambda: started in process._running and stop_proxy(started))
        self.assertEqual((started.proxy_address, started.proxy_port), ("127.0.0.1:8000", 8000))
        self.assertEqual((started.http_url, started.http_port), ("http://127.0.0.1:8080", 8080))
        self.assertTrue(alive(started))
        self.assertEqual(started, int(str(int(started))))
        stop_proxy(started)
        self.assertFalse(alive(started))

    def test_inParts(self):
        """
        The line may arrive in parts, and without a control service.
        """
        line = r"""'{"proxy": "[::]:1", "http": null}' + chr(10)"""
        with child(f"[say(c) for c in {line}]; time.sleep(600)") as started:
            self.assertEqual((started.proxy_address, started.proxy_port), ("[::1]:1", 1))
            self.assertEqual((started.http_url, started.http_port), (None, None))

    def test_path(self):
        """
        A Unix socket has an address, but no port.
        """
        line = r"""'{"proxy": "/tmp/proxy.sock", "http": null}' + chr(10)"""
        with child(f"say({line}); time.sleep(600)") as started:
            told = started.proxy_address, started.proxy_port
        self.assertEqual(told, ("/tmp/proxy.sock", 0))

    def test_endAll(self):
        """
        All children are ended at once, and forgotten.
        """
        children = [child("say(ready); time.sleep(600)") for _ in range(2)]
        process._endAll()
        for started in children:
            self.assertFalse(alive(started))
            self.assertRaises(ValueError, stop_proxy, started)

    def test_context(self):
        """
        The end of the block stops the child, also if it was stopped before.
        """
        with child("say(ready); time.sleep(600)") as started:
            self.assertTrue(alive(started))
        self.assertFalse(alive(started))
        with child("say(ready); time.sleep(600)") as started:
            stop_proxy(started)
        self.assertFalse(alive(started))

    def test_itsOwnWords(self):
        """
        A child that ends is quoted.
        """
        error = self.assertRaises(ProxyError, child, "sys.exit('vaurien: the port is taken')")
        self.assertIn("vaurien: the port is taken", str(error))

    def test_lastWords(self):
        """
        Of many words, the last.
        """
        error = self.assertRaises(ProxyError, child, "sys.exit('x' * 100000 + 'the cause')")
        self.assertTrue(str(error).endswith("the cause"))
        self.assertTrue(len(str(error)) < 3000)

    def test_nothingSaid(self):
        """
        A child that ends without a word, and ones that announce nonsense.
        """
        error = self.assertRaises(ProxyError, child, "")
        self.assertEqual(str(error), "it gave up before it listened")
        for line in ("'[]' + chr(10)", "'{}' + chr(10)", "'x' + chr(10)", "ready[:9]"):
            self.assertRaises(ProxyError, child, f"say({line})")

    def test_late(self):
        """
        A child that does not listen in time is ended.
        """
        pids = []
        real = subprocess.Popen

        def popen(*arguments, **options):
            pids.append(real(*arguments, **options))
            return pids[-1]

        self.patch(subprocess, "Popen", popen)
        error = self.assertRaises(ProxyError, child, "time.sleep(600)", timeout=0.2)
        self.assertIn("did not listen within 0.2 s", str(error))
        self.assertFalse(alive(pids[0].pid))

    def test_interrupted(self):
        """
        An interrupt while waiting ends the child too.
        """
        started = []
        real = subprocess.Popen
        self.patch(subprocess, "Popen", lambda *a, **k: started.append(real(*a, **k)) or started[0])

        def interrupt(pipe, deadline):
            raise KeyboardInterrupt

        self.patch(process, "_announced", interrupt)
        self.assertRaises(KeyboardInterrupt, child, "time.sleep(600)")
        self.assertFalse(alive(started[0].pid))

    def test_noProgram(self):
        """
        A program that is not there.
        """
        error = self.assertRaises(ProxyError, launch, ["/nonexistent/python"], 1)
        self.assertIn("/nonexistent/python", str(error))

    def test_noDescriptorsLeft(self):
        """
        Neither success nor failure leaves descriptors open.
        """
        before = descriptors()
        child("say(ready); time.sleep(600)").__exit__()
        self.assertRaises(ProxyError, child, "")
        self.assertRaises(ProxyError, launch, ["/nonexistent/python"], 1)
        # Other threads may open and close some meanwhile; leaked ones stay.
        for _ in range(200):
            left = descriptors() - before
            if not left:
                break
            time.sleep(0.05)
        self.assertEqual(left, set())

    def test_unknown(self):
        """
        A process that was not started here, or was stopped before, is refused.
        """
        error = self.assertRaises(ValueError, stop_proxy, os.getpid())
        self.assertIn(str(os.getpid()), str(error))
        started = child("say(ready); time.sleep(600)")
        stop_proxy(int(started))
        self.assertRaises(ValueError, stop_proxy, started)

    def test_pitfall36_noForeignProcess(self):
        """
        Whatever stopping is asked for, no process but a child that runs gets a signal: not
        twice, not one that has ended by itself, not one of that number that is another's, and
        not that of a parent.
        """
        sent = []
        self.patch(os, "kill", lambda pid, number: sent.append(pid))
        ended = child("say(ready)")
        os.waitpid(ended, 0)
        # Now the number may be anybody's.
        stop_proxy(ended)
        self.assertRaises(ValueError, stop_proxy, ended)
        for pid in (1, os.getpid(), os.getppid(), -1, 0):
            self.assertRaises(ValueError, stop_proxy, pid)
        self.assertEqual(sent, [])
        self.patch(os, "kill", REAL_KILL)
        other = child("say(ready); time.sleep(600)")
        self.addCleanup(lambda: other in process._running and stop_proxy(other))
        popen, _ = process._running[other]
        process._running[other] = (popen, os.getpid() + 1)
        error = self.assertRaises(ValueError, stop_proxy, other)
        self.assertIn("was started by process", str(error))
        other.__exit__()
        self.assertTrue(alive(other))
        process._running[other] = (popen, os.getpid())

    def test_pitfall36_thread(self):
        """
        It works in a thread.
        """
        started = []
        thread = threading.Thread(
            target=lambda: started.append(child("say(ready); time.sleep(600)"))
        )
        thread.start()
        thread.join()
        stop_proxy(started[0])
        self.assertFalse(alive(started[0]))

    def test_pitfall36_closedStreams(self):
        """
        So it does in a process whose standard streams are closed.
        """
        for closed in ((0,), (0, 1), (0, 1, 2), (2,)):
            self.surrounded(f"import os\nfor n in {closed}: os.close(n)\n")

    def test_pitfall36_eventlet(self):
        """
        The same under eventlet, which replaces parts of the standard library.
        """
        self.surrounded("import eventlet\neventlet.monkey_patch()\n", "eventlet")

    def test_pitfall36_gevent(self):
        """
        So it does under gevent.
        """
        self.surrounded("from gevent import monkey\nmonkey.patch_all()\n", "gevent")

    def surrounded(self, before, needed="json"):
        """
        Start, ask and stop a proxy in a process that begins with C{before}.
        """
        if find_spec(needed) is None:
            self.skipTest(f"{needed} is not installed")
        result = os.path.abspath(self.mktemp())
        program = before + SURROUNDED
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program, result, os.path.abspath(self.mktemp())],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=4 * PATIENCE,
        )
        self.assertEqual(ended.returncode, 0, ended)
        with open(result) as file:
            self.assertEqual(file.read(), "hang", ended)

    def test_endedItself(self):
        """
        A child that has ended can be stopped.
        """
        started = child("say(ready)")
        stop_proxy(started)
        self.assertFalse(alive(started))

    def test_stubborn(self):
        """
        A child that ignores SIGTERM is killed.
        """
        self.patch(process, "STOPPING", 0.2)
        started = child(
            "signal.signal(signal.SIGTERM, signal.SIG_IGN); say(ready); time.sleep(600)"
        )
        stop_proxy(started)
        self.assertFalse(alive(started))

    def test_forgotten(self):
        """
        The end of a program ends the children it forgot.
        """
        program = "\n".join(
            [
                "import sys",
                "from vaurien_twisted.client.launcher import launch",
                f"words = [sys.executable, '-c', {SAY + 'say(ready); time.sleep(600)'!r}]",
                f"print(int(launch(words, {PATIENCE})))",
            ]
        )
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, timeout=PATIENCE
        )
        self.assertEqual(done.returncode, 0)
        self.assertFalse(alive(int(done.stdout)))

    def test_forked(self):
        """
        A fork that ends does not stop its parent's children.
        """
        with child("say(ready); time.sleep(600)") as started:
            kept = dict(process._running)
            self.patch(os, "getpid", lambda: 1)
            process._endAll()
            process._running.update(kept)
            self.assertTrue(alive(started))
            self.assertIsNone(kept[started][0].poll())
