"""
A PostgreSQL of one's own.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.integration.authority import papers
from tests.integration.servers import (
    ENVIRONMENT,
    STARTING,
    STOPPING,
    Server,
    find,
    newFolder,
    start,
)
from tests.ports import freePort

USER, PASSWORD, DATABASE = "app", "secret", "postgres"

#: Small and quick: nothing in it needs to outlive the run.
SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=40",
    "shared_buffers=32MB",
)

#: How a client begins: protocol 3.0, and who it is (PostgreSQL, "Message Formats").
STARTUP = b"\0\3\0\0" + f"user\0{USER}\0database\0{DATABASE}\0\0".encode()


def folderOfPrograms() -> Path | None:
    """
    Where the server's programs are: Debian keeps them off the PATH, by version.
    """
    on = find("initdb")
    if on is not None:
        return Path(on).resolve().parent
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(versions, key=lambda path: int(path.parent.name), default=None)


@cache
def postgres() -> Server:
    """
    The server of this run; its one user has a password, which is asked for.  It speaks
    TLS once it is told C{ssl=on}.
    """
    return _start()


@cache
def securePostgres() -> Server:
    """
    Another, which speaks TLS with the certificate for this machine.
    """
    return _start("ssl=on")


def _start(*more: str) -> Server:
    programs = folderOfPrograms()
    if programs is None:
        raise FileNotFoundError("initdb")
    folder, port = newFolder("postgres"), freePort()
    password = folder / "password"
    password.write_text(PASSWORD)
    # Of which it wants to be the owner.
    key, certificate = folder / "server.key", papers().server.certificate
    shutil.copy(papers().server.key, key)
    prefix = _asUser(folder)
    words = [f"--pgdata={folder}/data", f"--username={USER}", f"--pwfile={password}"]
    words += ["--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--no-locale"]
    command = [*prefix, str(programs / "initdb"), *words]
    subprocess.run(
        command,
        check=True,
        timeout=STARTING,
        stdout=subprocess.DEVNULL,
        env=ENVIRONMENT,
        cwd=folder,
    )
    command = [*prefix, str(programs / "postgres"), "-D", f"{folder}/data", "-k", str(folder)]
    command += ["-h", "127.0.0.1", "-p", str(port)]
    papersOf = (f"ssl_key_file={key}", f"ssl_cert_file={certificate}")
    for setting in (*SETTINGS, *papersOf, *more):
        command += ["-c", setting]
    server = start(command, port, folder, lambda: _asksForPassword(port))
    # Registered later, so run before the server is told to wait for its clients.
    atexit.register(_hurry, server)
    return server


def _asksForPassword(port: int) -> bool:
    """
    Whether the server would let clients in, and does not say that it is starting up.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as asking:
            asking.sendall(struct.pack("!I", len(STARTUP) + 4) + STARTUP)
            return asking.recv(1) == b"R"
    except OSError:
        return False


def _asUser(folder: Path) -> Sequence[str]:
    """
    The words before a command that must not be run by root, who gives C{folder} away.
    """
    if os.geteuid() != 0:
        return ()
    user = pwd.getpwnam("postgres")
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, user.pw_uid, user.pw_gid)
    setpriv = find("setpriv") or "setpriv"
    return (setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")


def _hurry(server: Server) -> None:
    """
    End it at once, whoever is connected.
    """
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGINT)
        try:
            server.process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            server.process.kill()
