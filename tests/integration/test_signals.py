"""
Signals to Vaurien in a process of its own, and what surrounds it: files that are moved away,
pipes and terminals that are gone.
"""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.integration.children import DEFAULTS, PATIENCE, ChildCase, port, readAll
from tests.integration.servers import poll
from tests.ports import freePort
from vaurien_twisted.client.launcher import ProxyProcess, launch

VAURIEN = (sys.executable, "-m", "vaurien_twisted")


class SignalCase(ChildCase):
    """
    Vaurien with a file, a log and a journal, which come from one folder.
    """

    def setUp(self) -> None:
        """
        A folder.
        """
        super().setUp()
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.config = self.folder / "vaurien.ini"
        self.log = self.folder / "log"
        self.journal = self.folder / "journal"

    def write(self, text: str) -> None:
        """
        Write the configuration file.
        """
        self.config.write_text(text)

    def start(self, *words: str, command: Sequence[str] = VAURIEN) -> ProxyProcess:
        """
        Run it with the folder's files.
        """
        words = (
            *words,
            *("--log-output", str(self.log), "--journal", str(self.journal)),
            *("--http", "--http-host", "127.0.0.1", "--http-port", "0"),
        )
        self.words = words
        return self.opened.enter_context(
            launch([sys.executable, "-c", DEFAULTS, *command, *words], PATIENCE)
        )

    def twistd(self, *words: str) -> list[str]:
        """
        The command for C{twistd}, with a log of its own.
        """
        return [
            sys.executable,
            *("-c", "from twisted.scripts.twistd import run; run()"),
            *("-n", "--pidfile=", "--logfile", str(self.folder / "twistd.log"), "vaurien"),
        ]

    def said(self, text: str, count: int = 1) -> None:
        """
        Wait until the log says something so often.
        """
        poll(lambda: self.log.read_text().count(text) >= count, PATIENCE, text)

    def hangUp(self, proxy: ProxyProcess, said: str, count: int = 1) -> None:
        """
        Send SIGHUP, and wait for what comes of it.
        """
        os.kill(proxy, signal.SIGHUP)
        self.said(said, count)


class ReloadTests(SignalCase):
    """
    SIGHUP.
    """

    def test_pitfall35_reload(self) -> None:
        """
        Proxies that are new, changed and gone, rules, backends and behaviors are as the file
        says; a connection of a proxy that did not change stays.
        """
        one, two, ports = self.listen(), self.listen(), [freePort() for _ in range(4)]
        first = (
            f"[proxy:stays]\nlisten=127.0.0.1:{ports[0]}\nbackend=127.0.0.1:{port(one)}\n"
            f"[proxy:moves]\nlisten=127.0.0.1:{ports[1]}\nbackend=127.0.0.1:{port(one)}\n"
            f"[proxy:goes]\nlisten=127.0.0.1:{ports[2]}\nbackend=127.0.0.1:{port(one)}\n"
        )
        self.write(first)
        proxy = self.start("--config", str(self.config))
        client = self.connect(ports[0])
        backend = self.accept(one)
        self.write(
            f"[vaurien]\nseed=5\n[behavior:delay]\nsleep=7\n"
            f"[proxy:new]\nlisten=127.0.0.1:{ports[2]}\nbackend=127.0.0.1:{port(two)}\n"
            f"[proxy:stays]\nlisten=127.0.0.1:{ports[0]}\nbackend=127.0.0.1:{port(one)}\n"
            f"[proxy:moves]\nlisten=127.0.0.1:{ports[3]}\nbackend=127.0.0.1:{port(two)}\n"
            "[rule:late]\nproxy=stays\nbehavior=delay\n"
        )
        self.hangUp(proxy, "read the configuration again")
        told = self.client(proxy).request("GET", "/proxies")
        self.assertEqual(list(told), ["new", "stays", "moves"])
        [rule] = self.client(proxy).request("GET", "/proxies/stays/rules")["rules"]
        self.assertEqual((rule["behavior"], rule["options"]["sleep"]), ("delay", 7.0))
        self.said("--seed has changed: restart vaurien to apply it")
        for number in (ports[2], ports[3]):
            self.connect(number).close()
            self.accept(two)
        with self.assertRaises(ConnectionRefusedError):
            self.connect(ports[1])
        self.write(first)
        self.hangUp(proxy, "read the configuration again", 2)
        self.assertEqual(
            list(self.client(proxy).request("GET", "/proxies")), ["stays", "moves", "goes"]
        )
        client.sendall(b"there")
        self.assertEqual(backend.recv(10), b"there")
        backend.sendall(b"back")
        self.assertEqual(client.recv(10), b"back")

    def test_pitfall35_nothingHalf(self) -> None:
        """
        Where the file is not acceptable, or a place in it is taken, nothing changes, and a
        line says why.
        """
        one, taken, ports = self.listen(), port(self.listen()), [freePort() for _ in range(2)]
        first = "".join(
            f"[proxy:p{n}]\nlisten=127.0.0.1:{number}\nbackend=127.0.0.1:{port(one)}\n"
            for n, number in enumerate(ports)
        )
        self.write(first)
        proxy = self.start("--config", str(self.config))
        before = self.client(proxy).request("GET", "/proxies")
        swapped = (
            f"[proxy:p0]\nlisten=127.0.0.1:{ports[1]}\nbackend=127.0.0.1:{port(one)}\n"
            f"[proxy:p1]\nlisten=127.0.0.1:{ports[0]}\nbackend=127.0.0.1:{port(one)}\n"
        )
        for count, (text, reason) in enumerate(
            (
                (f"{swapped}[proxy:p2]\nbackend=nowhere\n", "'nowhere' is not an address"),
                (f"{swapped}[rule:x]\nproxy=p0\nbehavior=hnag\n", "did you mean 'hang'"),
                (f"{swapped}[proxi:x]\n", "there is no section [proxi:x]"),
                ("nothing", "is not an ini file"),
                (
                    f"{swapped}[proxy:p2]\nlisten=127.0.0.1:{taken}\nbackend=localhost:1\n",
                    "address already in use",
                ),
            ),
            1,
        ):
            self.write(text)
            self.hangUp(proxy, "the old one stays in force: ", count)
            self.assertIn(
                reason, self.log.read_text().rpartition("the old one stays in force: ")[2]
            )
            self.assertEqual(self.client(proxy).request("GET", "/proxies"), before)
            for number in ports:
                self.connect(number).close()
                self.accept(one)
        self.config.unlink()
        self.hangUp(proxy, "cannot read")
        self.write(swapped)
        self.hangUp(proxy, "read the configuration again")
        after = self.client(proxy).request("GET", "/proxies")
        self.assertEqual(after["p0"]["listen"], before["p1"]["listen"])
        self.assertEqual(after["p1"]["listen"], before["p0"]["listen"])

    def test_pitfall35_json(self) -> None:
        """
        A JSON file is read as well: its toxics come and go.
        """
        one, number = self.listen(), freePort()
        item: dict[str, Any] = {
            "name": "db",
            "listen": f"127.0.0.1:{number}",
            "upstream": f"127.0.0.1:{port(one)}",
        }
        self.write(json.dumps([item]))
        proxy = self.start("--config", str(self.config))
        self.write(json.dumps([{**item, "toxics": [{"type": "latency", "name": "slow"}]}]))
        self.hangUp(proxy, "db: toxics")
        [toxic] = self.client(proxy).request("GET", "/proxies/db")["toxics"]
        self.assertEqual(toxic["name"], "slow")
        self.write(json.dumps([{**item, "enabled": False}]))
        self.hangUp(proxy, "db: toxics", 2)
        told = self.client(proxy).request("GET", "/proxies/db")
        self.assertEqual((told["toxics"], told["enabled"]), ([], False))

    def test_pitfall44_flood(self) -> None:
        """
        Connections that fail fill no log: ten are told, the others counted, at the end as well.
        """
        proxy = self.start("--proxy", "127.0.0.1:0", "--backend", f"127.0.0.1:{freePort()}")
        for _ in range(300):
            self.assertEqual(readAll(self.connect(proxy.proxy_port)), b"")
        os.kill(proxy, signal.SIGTERM)
        self.said("290 more lines")
        self.assertEqual(self.log.read_text().count("cannot be reached"), 11)
        self.assertEqual(self.log.read_text().count(" ended after "), 10)

    def test_pitfall35_noFile(self) -> None:
        """
        Without a file a line says so, and all goes on.
        """
        listening = self.listen()
        proxy = self.start("--proxy", "127.0.0.1:0", "--backend", f"127.0.0.1:{port(listening)}")
        for count in (1, 2):
            self.hangUp(proxy, "no configuration file to read again", count)
        self.connect(proxy.proxy_port).close()
        self.accept(listening)

    def test_pitfall35_twistd(self) -> None:
        """
        C{twistd vaurien} does the same, from another folder too.
        """
        one, number = self.listen(), freePort()
        text = f"[vaurien]\nproxy=127.0.0.1:{number}\nbackend=127.0.0.1:{port(one)}\n"
        self.write(text)
        proxy = self.start("--config", str(self.config), command=self.twistd())
        self.write(f"{text}behavior=blackout\n")
        self.hangUp(proxy, "proxy: rules")
        self.assertEqual(readAll(self.connect(number)), b"")
        os.kill(proxy, signal.SIGTERM)


class ReopenTests(SignalCase):
    """
    SIGUSR1.
    """

    def rotate(self, proxy: ProxyProcess) -> None:
        """
        Move log and journal away under traffic, as logrotate does; nothing is lost.
        """
        control = self.client(proxy)
        for turn in range(3):
            control.set_behavior("delay", sleep=0.001 * (turn + 1))
            for path in (self.log, self.journal):
                path.rename(f"{path}.{turn}")
            control.set_behavior("delay", sleep=0.5 + turn)
            os.kill(proxy, signal.SIGUSR1)
            poll(self.log.exists, PATIENCE, "the new log")
            poll(self.journal.exists, PATIENCE, "the new journal")
            self.said("reopened the log")
        control.set_behavior("hang")
        self.said("hang")
        text = "".join(Path(f"{self.log}.{turn}").read_text() for turn in range(3))
        text += self.log.read_text()
        for turn in range(3):
            self.assertIn(f"sleep={0.001 * (turn + 1):g}", text)
            self.assertIn(f"sleep={0.5 + turn:g}", text)

    def test_pitfall35_reopen(self) -> None:
        """
        New lines go to new files, and those before are where they were.
        """
        listening = self.listen()
        proxy = self.start("--proxy", "127.0.0.1:0", "--backend", f"127.0.0.1:{port(listening)}")
        self.rotate(proxy)

    def test_pitfall35_twistd(self) -> None:
        """
        Under C{twistd} its own log is rotated too, as ever.
        """
        listening = self.listen()
        proxy = self.start(
            *("--proxy", "127.0.0.1:0", "--backend", f"127.0.0.1:{port(listening)}"),
            command=self.twistd(),
        )
        self.rotate(proxy)
        poll((self.folder / "twistd.log.3").exists, PATIENCE, "twistd's rotated log")

    def test_pitfall35_cannot(self) -> None:
        """
        Where the new files cannot be opened, the old ones are gone on with.
        """
        listening = self.listen()
        proxy = self.start("--proxy", "127.0.0.1:0", "--backend", f"127.0.0.1:{port(listening)}")
        log, kept = self.log, self.folder / "kept"
        log.rename(kept)
        log.mkdir()
        self.log = kept
        os.kill(proxy, signal.SIGUSR1)
        self.said(f"cannot log to {log}")
        self.client(proxy).set_behavior("hang")
        self.said("rules in force: 100:hang")


class EndTests(SignalCase):
    """
    SIGTERM and SIGINT, and what surrounds the process.
    """

    def begin(
        self, *words: str, command: Sequence[str] = VAURIEN, **how: Any
    ) -> tuple[subprocess.Popen[bytes], int]:
        """
        Run it; the process, and where its announcement comes.
        """
        reading, writing = os.pipe()
        self.opened.callback(os.close, reading)
        listen = () if "--proxy" in words else ("--proxy", "127.0.0.1:0")
        words = (*listen, *words, "--announce", str(writing))
        how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **how}
        process = subprocess.Popen(
            [sys.executable, "-c", DEFAULTS, *command, *words],
            **{"stderr": subprocess.PIPE, "pass_fds": [writing], **how},
        )
        os.close(writing)
        self.opened.callback(self.kill, process)
        return process, reading

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """
        Leave nothing behind.
        """
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def announced(self, reading: int) -> Mapping[str, Any]:
        """
        What it announces.
        """
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([reading], [], [], PATIENCE)
            self.assertTrue(ready, "it announces nothing")
            part = os.read(reading, 4096)
            self.assertTrue(part, "it ended before")
            line += part
        told: Mapping[str, Any] = json.loads(line)
        return told

    def test_pitfall35_atOnce(self) -> None:
        """
        A signal right after the announcement, before the reactor runs, ends it in order: its
        UNIX socket is gone.  So it is under C{twistd}.
        """
        # The path of a socket must be short, and those of trial's folders need not be.
        folder = Path(self.opened.enter_context(tempfile.TemporaryDirectory()))
        for command in (VAURIEN, self.twistd()):
            for number in (signal.SIGTERM, signal.SIGINT):
                path = folder / "socket"
                process, reading = self.begin("--proxy", f"unix:{path}", command=command)
                self.assertEqual(self.announced(reading)["proxy"], str(path))
                process.send_signal(number)
                _, said = process.communicate(timeout=PATIENCE)
                self.assertNotIn(b"Traceback", said)
                self.assertFalse(path.exists())
                # Of twistd it is known that a signal ended it.
                self.assertEqual(process.returncode, 0 if command is VAURIEN else -number)

    def test_pitfall35_twice(self) -> None:
        """
        Several signals end it as one does.
        """
        for first, second in (
            (signal.SIGTERM, signal.SIGTERM),
            (signal.SIGINT, signal.SIGINT),
            (signal.SIGINT, signal.SIGTERM),
        ):
            process, reading = self.begin("--http", "--http-port", "0")
            self.announced(reading)
            for number in (first, second, second):
                process.send_signal(number)
            out, said = process.communicate(timeout=PATIENCE)
            self.assertEqual((process.returncode, said), (0, b""), out)
            self.assertNotIn(b"Traceback", out)

    def test_pitfall35_head(self) -> None:
        """
        Who reads the log may end first: the proxy goes on, and ends in order.
        """
        listening = self.listen()
        process, reading = self.begin("--backend", f"127.0.0.1:{port(listening)}")
        told = self.announced(reading)
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        for _ in range(3):
            self.connect(int(told["proxy"].rpartition(":")[2])).close()
            self.accept(listening).close()
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_pitfall35_closedStreams(self) -> None:
        """
        Standard streams that are closed are no hindrance, and no connection gets their number.
        """
        script = "import os, sys\nfor n in {}: os.close(n)\nos.execv(sys.argv[1], sys.argv[1:])"
        for closed in ((1,), (2,), (0, 1), (0, 1, 2)):
            listening = self.listen()
            command = (sys.executable, "-c", script.format(closed), *VAURIEN)
            process, reading = self.begin(
                *("--backend", f"127.0.0.1:{port(listening)}"), command=command
            )
            told = self.announced(reading)
            client = self.connect(int(told["proxy"].rpartition(":")[2]))
            backend = self.accept(listening)
            for number in (0, 1, 2):
                self.assertNotIn("socket:", os.readlink(f"/proc/{process.pid}/fd/{number}"))
            client.sendall(b"there")
            self.assertEqual(backend.recv(10), b"there")
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=PATIENCE)
            self.assertEqual((process.returncode, said), (0, b""), closed)

    def test_pitfall35_nohup(self) -> None:
        """
        With SIGHUP ignored, as C{nohup} has it, it goes on.
        """
        ignore = "import os, signal, sys\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        command = (sys.executable, "-c", f"{ignore}os.execv(sys.argv[1], sys.argv[1:])", *VAURIEN)
        process, reading = self.begin("--log-output", str(self.log), command=command)
        self.announced(reading)
        process.send_signal(signal.SIGHUP)
        self.said("no configuration file to read again")
        self.assertIsNone(process.poll())

    def test_pitfall35_terminalGone(self) -> None:
        """
        When the terminal that it was started at is gone, it ends; in a session of its own it
        stays.
        """
        reading, writing = os.pipe()
        os.set_inheritable(writing, True)
        words = ["--proxy", "127.0.0.1:0", "--announce", str(writing)]
        words += ["--log-output", str(self.log)]
        pid, master = pty.fork()
        if not pid:
            try:
                signal.signal(signal.SIGHUP, signal.SIG_DFL)
                os.execv(sys.executable, [*VAURIEN, *words])
            finally:
                os._exit(127)
        os.close(writing)
        self.opened.callback(os.close, reading)
        self.announced(reading)
        os.close(master)
        poll(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid, PATIENCE, "its end")

    def test_pitfall35_ignoredInterrupt(self) -> None:
        """
        What a shell runs in the background ignores Ctrl-C, and does end at SIGTERM.
        """
        ignore = "import os, signal, sys\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        command = (sys.executable, "-c", f"{ignore}os.execv(sys.argv[1], sys.argv[1:])", *VAURIEN)
        process, reading = self.begin("--log-output", str(self.log), command=command)
        self.announced(reading)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGHUP)
        self.said("no configuration file to read again")
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)
