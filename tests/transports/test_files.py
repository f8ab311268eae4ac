"""
Tests for L{vaurien_twisted.transports.files}, and for what addresses over REST may open.
"""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import controlled
from vaurien_twisted.model.options import Refused
from vaurien_twisted.transports import files
from vaurien_twisted.transports.certificates import clientOptions, serverOptions
from vaurien_twisted.transports.files import FILE_LIMIT, pemFiles, readSmall
from vaurien_twisted.transports.virtual_hosts import folderOptions


class FileCase(SynchronousTestCase):
    """
    A test with files that are none.
    """

    def setUp(self) -> None:
        """
        A folder with a FIFO that has no writer.
        """
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()
        self.fifo = str(self.folder / "fifo.pem")
        os.mkfifo(self.fifo)

    def reason(self, call, *arguments, **more) -> str:
        """
        Why C{call} is refused.
        """
        refused = self.assertRaises(Refused, call, *arguments, **more)
        self.assertNotIn("\n", refused.description)
        return refused.description


class ReadTests(FileCase):
    """
    Reading.
    """

    def test_pitfall39_noFile(self) -> None:
        """
        Only regular files are read, also through links.
        """
        link = self.folder / "link"
        link.symlink_to(self.fifo)
        for path in (self.fifo, str(link), "/dev/zero", "/dev/null", "/dev/tty"):
            self.assertIn("regular file", self.reason(readSmall, path, "x"), path)
        self.assertIn("directory", self.reason(readSmall, str(self.folder), "x"))
        self.assertIn("No such file", self.reason(readSmall, "/no/such", "x"))
        self.assertIn("cannot read", self.reason(readSmall, "a\0b", "x"))

    def test_pitfall39_endless(self) -> None:
        """
        A file that blocks is refused, also if it is a regular file, as some of C{/proc}.
        """
        self.patch(files, "_checkKind", lambda status, path, name: None)
        reader = os.open(self.fifo, os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(self.fifo, os.O_WRONLY)
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        self.assertIn("it does not end", self.reason(readSmall, self.fifo, "x"))

    def test_pitfall39_large(self) -> None:
        """
        A file over the bound is refused.
        """
        path = self.folder / "large"
        with path.open("wb") as file:
            file.truncate(FILE_LIMIT)
            self.assertEqual(len(readSmall(str(path), "x")), FILE_LIMIT)
            file.truncate(2**40)
        self.assertIn(f"over {FILE_LIMIT} bytes", self.reason(readSmall, str(path), "x"))

    def test_pitfall39_folders(self) -> None:
        """
        A folder is read up to a bound, and a circle of links in it is not followed.
        """
        self.patch(files, "FILES", 5)
        (self.folder / "within").mkdir()
        (self.folder / "within" / "around").symlink_to(self.folder)
        (self.folder / "within" / "own.pem").write_text("")
        found = pemFiles(str(self.folder), "x", deep=True)
        self.assertEqual([Path(path).name for path in found], ["fifo.pem", "own.pem"])
        for number in range(6):
            (self.folder / f"{number}.pem").write_text("")
        self.assertIn("too many files", self.reason(pemFiles, str(self.folder), "x"))
        self.patch(files, "ENTRIES", 3)
        self.assertIn("too many files", self.reason(pemFiles, str(self.folder), "x", deep=True))

    def test_pitfall39_certificates(self) -> None:
        """
        Keys, certificates and folders of them are only read from regular files; a file full of PEM
        beginnings takes linear time.
        """
        for path in (self.fifo, "/dev/zero"):
            for make, arguments in (
                (serverOptions, ("x", path)),
                (serverOptions, ("x", path, path)),
                (clientOptions, ("x", "host", path)),
                (clientOptions, ("x", None, "", path)),
            ):
                self.assertIn("regular file", self.reason(make, *arguments))
        for trust in (str(self.folder), f"{self.folder}/"):
            self.assertIn("regular file", self.reason(clientOptions, "x", "host", trust))
            self.assertIn("regular file", self.reason(folderOptions, "x", trust))
        path = self.folder / "many"
        path.write_bytes(b"-----BEGIN CERTIFICATE-----\n" * 30_000)
        self.assertIn("no certificate", self.reason(serverOptions, "x", str(path)))


class RestTests(FileCase):
    """
    Addresses over REST.
    """

    def setUp(self) -> None:
        """
        A control site.
        """
        super().setUp()
        self.proxy, self.asker = controlled()
        self.told = self.asker.ask("GET", "/proxies").body

    def refused(self, method: str, path: str, body: object) -> str:
        """
        The words of a refusal, which changes nothing.
        """
        answer = self.asker.ask(method, path, body)
        self.assertEqual(answer.status, 400, answer.body)
        self.assertEqual(self.asker.ask("GET", "/proxies").body, self.told)
        return answer.body.decode()

    def everywhere(self, listen: str = "", backend: str = "") -> list[str]:
        """
        The refusals of an address, of all that take one.
        """
        item = {"name": "x", "upstream": "localhost:1", "listen": "localhost:0"}
        if listen:
            item["listen"] = listen
            change = {"listen": listen}
        else:
            item["upstream"] = backend
            change = {"upstream": backend}
        refusals = [
            self.refused("POST", "/proxies", item),
            self.refused("POST", "/populate", [item]),
            self.refused("POST", "/populate", [{**item, "name": "proxy"}]),
            self.refused("POST", "/proxies/proxy", change),
            self.refused("PATCH", "/proxies/proxy", change),
        ]
        if backend:
            refusals.append(self.refused("PUT", "/backend", {"backend": backend}))
            refusals.append(self.refused("PUT", "/proxies/proxy/backend", {"backend": backend}))
        return refusals

    def test_pitfall39_devices(self) -> None:
        """
        An address over REST opens no FIFO and no device.
        """
        for path in (self.fifo, "/dev/zero"):
            for text in (
                f"ssl:0:privateKey={path}",
                f"ssl:0:certKey={path}:privateKey={path}",
                f"haproxy:ssl:0:privateKey={path}",
                f"tls:{self.folder}:0",
            ):
                for words in self.everywhere(listen=text):
                    self.assertIn("regular file", words)
            for text in (
                f"ssl:localhost:1:privateKey={path}:certKey={path}",
                f"ssl:localhost:1:caCertsDir={path}",
                f"tls:localhost:1:trustRoots={path}",
                f"tls:localhost:1:trustRoots={self.folder}",
                f"tls:localhost:1:certificate={path}",
                f"proxied:v1:tls:localhost:1:trustRoots={path}",
            ):
                for words in self.everywhere(backend=text):
                    self.assertIn("regular file", words)

    def test_pitfall39_kinds(self) -> None:
        """
        Endpoints that take what the process has, or run something, are not to be had over REST.
        """
        for text in (
            "stdio:",
            "systemd:domain=INET:index=0",
            "fd:",
            "haproxy:stdio:",
            "haproxy:haproxy:stdio:",
            "tcpp:80:x=1",
        ):
            for words in self.everywhere(listen=text):
                self.assertIn("not a kind of endpoint", words)
        for text in (
            "stdio:",
            "process:/bin/true",
            "proxied:v2:stdio:",
            r"tls:localhost:1:endpoint=stdio\:",
            "clientFromString:x",
        ):
            for words in self.everywhere(backend=text):
                self.assertIn("not a kind of endpoint", words)
        self.assertIn("did you mean 'tcp'?", self.everywhere(listen="tcpp:80:x=1")[0])
        for port in ("99999", "80a"):
            for text in (f"localhost:{port}", f"[::1]:{port}"):
                for words in self.everywhere(backend=text) + self.everywhere(listen=text):
                    self.assertIn("is not a port, 0 to 65535", words, text)

    def test_pitfall41_addresses(self) -> None:
        """
        Addresses that no system call accepts are refused in one line.
        """
        for text in (
            "haproxy:" * 500 + "localhost:0",
            "a" * 500_000,
            "ssl:0:backlog=" + "9" * 5000,
            "tls:/x:0:backlog=99999999999",
            "unix:/tmp/a\0b",
            "unix:/tmp/x:mode=77777777",
            "unix:/tmp/x:mode=" + "7" * 5000,
            "tcp:" + "9" * 5000,
            "",
        ):
            if text:
                self.everywhere(listen=text)
        for text in ("proxied:v1:" * 500 + "localhost:1", "a" * 500_000, "unix:a\0b", "tcp:"):
            self.everywhere(backend=text)
