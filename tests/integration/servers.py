"""
Real servers on this machine: started once for a run, when first asked for, and
ended with it by their own process id.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import IO

import attrs

from tests.ports import freePort

#: How long a server may take until it answers, in seconds.
STARTING = 120.0

#: How long it may take to end before it is killed, in seconds.
STOPPING = 10.0

#: The environment of every command: servers live where a user's PATH may not look.
ENVIRONMENT = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin", "LC_ALL": "C"}


class NotReady(Exception):
    """
    A server did not answer in time, or ended.  Its argument has the server's words.
    """


@attrs.frozen
class Server:
    """
    A running server.

    @ivar port: where it listens, on 127.0.0.1.
    @ivar folder: its files; they are removed when it is stopped.
    """

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    @property
    def backend(self) -> str:
        """
        The same as a proxy wants it.
        """
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        """
        End this process and wait for it.
        """
        self.process.terminate()
        try:
            self.process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def find(name: str) -> str | None:
    """
    Where the program C{name} is.
    """
    return shutil.which(name, path=ENVIRONMENT["PATH"])


def missing(*names: str) -> str | None:
    """
    Why tests that need these programs must be skipped; C{None} if all are there.
    """
    absent = [name for name in names if find(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


def poll(ready: Callable[[], bool], seconds: float, what: str) -> None:
    """
    Ask until C{ready} says so.

    @raise NotReady: it did not within C{seconds}.
    """
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise NotReady(f"{what}: nothing within {seconds:g} s")
        time.sleep(0.01)


def answers(port: int, said: bytes = b"") -> bool:
    """
    Whether something answers on C{port}, to C{said} where the client speaks first.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as asking:
            asking.sendall(said)
            return asking.recv(1) != b""
    except OSError:
        return False


def start(command: Sequence[str], port: int, folder: Path, ready: Callable[[], bool]) -> Server:
    """
    Run C{command} until this process ends.

    @raise NotReady: it ended, or did not answer in time.
    """
    with open(folder / "words", "w+b") as words:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=words, stderr=words, env=ENVIRONMENT
        )
        server = Server(process, port, folder)
        try:
            poll(lambda: process.poll() is not None or ready(), STARTING, command[0])
            if process.poll() is not None:
                raise NotReady(f"{command[0]} ended: {_last(words)}")
        except NotReady:
            server.stop()
            raise
    atexit.register(server.stop)
    return server


def newFolder(name: str) -> Path:
    """
    A folder of one's own; the path is short, as Unix sockets want it.
    """
    return Path(tempfile.mkdtemp(prefix=f"vaurien-{name}-"))


def _last(words: IO[bytes]) -> str:
    words.seek(0)
    return words.read()[-2000:].decode("utf-8", "replace")


@cache
def redis() -> Server:
    """
    The redis-server of this run.
    """
    return startRedis()


def startRedis(*options: str) -> Server:
    """
    Another redis-server, for whoever stops it.
    """
    folder, port = newFolder("redis"), freePort()
    command = [find("redis-server") or "redis-server", "--bind", "127.0.0.1"]
    command += ["--port", str(port), "--dir", str(folder), "--save", "", "--daemonize", "no"]
    return start([*command, *options], port, folder, lambda: answers(port, b"PING\r\n"))


#: One process; everything that it writes stays in its folder.
NGINX = """\
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/errors;
events {{ worker_connections 512; }}
http {{
    access_log off;
    keepalive_requests 100000;
    client_max_body_size 64m;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/files;
        # Its length is not known beforehand, so it is sent in chunks.
        location /chunked/ {{ alias {folder}/files/; ssi on; ssi_types *; }}
        location /kept/ {{ dav_methods PUT; create_full_put_path on; }}
        # A body is only read where it is needed.
        location /post {{
            proxy_pass http://127.0.0.1:{port}/taken;
            add_header X-Said $request_body;
        }}
        location /taken {{ return 200 taken; }}
        location /nothing {{ return 204; }}
    }}
}}
"""

#: Another, for those who speak HTTP/2 at once.
NGINX_HTTP2 = """\
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/errors;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} http2;
        return 200 "two";
    }}
}}
"""

#: The files that nginx serves, by name: their sizes in bytes.
FILES = {"empty": 0, "one": 1, "small": 1000, "large": 10 * 2**20}


@cache
def nginx() -> Server:
    """
    The nginx of this run; it serves L{FILES}, in chunks under C{/chunked/}, keeps
    what is PUT under C{/kept/}, and repeats what is POSTed to C{/post}.
    """
    folder, port = newFolder("nginx"), freePort()
    (folder / "files").mkdir()
    folder.chmod(0o755)
    for name, size in FILES.items():
        (folder / "files" / name).write_bytes(os.urandom(size))
    (folder / "files" / "lines").write_text("".join(f"line {n}\n" for n in range(100_000)))
    return _nginx(NGINX, port, folder, b"HEAD / HTTP/1.0\r\n\r\n")


def startHTTP2() -> Server:
    """
    An nginx that speaks HTTP/2 from the first byte on, for whoever stops it.
    """
    return _nginx(NGINX_HTTP2, freePort(), newFolder("nginx"), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")


def _nginx(text: str, port: int, folder: Path, said: bytes) -> Server:
    settings = folder / "nginx.conf"
    settings.write_text(text.format(folder=folder, port=port))
    command = [find("nginx") or "nginx", "-p", str(folder), "-c", str(settings)]
    command += ["-e", str(folder / "errors")]
    return start(command, port, folder, lambda: answers(port, said))
