# -*- test-case-name: tests.test_benchmarks -*-
"""
What is measured against: servers of a run's own, each for one kind of work.
"""

from __future__ import annotations

import os
import pwd
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import configs
from benchmarks.processes import PATIENCE, StartError, freePort, output, running, waitUntilListening
from benchmarks.readings import ReadingError
from benchmarks.relays import nginxCommand

#: Whom the databases know, by name alone, and what has the rows.
USER, DATABASE = "bench", "bench"

#: How many rows there are, in one table: all of them stay in memory.
ROWS = 10_000

#: How long a preparation may take, in seconds.
_PREPARING = 60.0


@contextmanager
def serving(kind: str, folder: Path) -> Iterator[int]:
    """
    A backend while the context lasts; its port.

    @param folder: for its files; it is made.
    @raise StartError: it does not start, or cannot be prepared.
    """
    start, prepare = KINDS[kind]
    port = freePort()
    folder.mkdir()
    log = folder / "output"
    try:
        command = start(port, folder)
        with running(command, log) as process:
            waitUntilListening(process, port, log)
            prepare(port, folder)
            yield port
    except ReadingError as error:
        raise StartError(f"the {kind} backend: {error}") from None


def postgresProgram(name: str) -> str:
    """
    A program of PostgreSQL: Debian keeps the server's off the PATH, by version.

    @raise StartError: it is not installed.
    """
    folders = sorted(
        (path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / name).exists()),
        key=lambda path: int(path.parent.name),
    )
    found = str(folders[-1] / name) if folders else shutil.which(name)
    if found is None:
        raise StartError(f"{name} is not installed")
    return found


def sysbench(port: int, threads: int, *words: str) -> list[str]:
    """
    The words that run sysbench's point selects against MariaDB, or prepare for them.
    """
    command = ["sysbench", "oltp_point_select", "--db-driver=mysql", "--mysql-host=127.0.0.1"]
    command += [f"--mysql-port={port}", f"--mysql-user={USER}", f"--mysql-db={DATABASE}"]
    return [*command, "--tables=1", f"--table-size={ROWS}", f"--threads={threads}", *words]


def pgbench(port: int, *words: str) -> list[str]:
    """
    The words that run pgbench.

    @raise StartError: it is not installed.
    """
    where = f"host=127.0.0.1 port={port} user={USER} dbname=postgres"
    return [postgresProgram("pgbench"), *words, f"{where} sslmode=disable gssencmode=disable"]


def _asUser(folder: Path) -> list[str]:
    """
    The words before a command of PostgreSQL's, which root must not run.

    @raise StartError: there is nobody else to run it.
    """
    if os.geteuid() != 0:
        return []
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise StartError("there is no user postgres") from None
    # The way there is open to root alone.
    folder.parent.chmod(0o711)
    shutil.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _redis(port: int, folder: Path) -> list[str]:
    words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    return [*words, "--appendonly", "no", "--dir", str(folder), "--maxclients", "10000"]


def _bulk(port: int, folder: Path) -> list[str]:
    # It gives up a client that died: it would otherwise serve nobody else.
    return ["iperf3", "-s", "-B", "127.0.0.1", "-p", str(port), "--rcv-timeout", "5000"]


def _http(port: int, folder: Path) -> list[str]:
    config = folder / "nginx.conf"
    config.write_text(configs.nginxWeb(port, str(folder)), encoding="utf-8")
    return nginxCommand(str(config), folder)


def _http2(port: int, folder: Path) -> list[str]:
    (folder / "index.html").write_text("hello\n", encoding="utf-8")
    return ["nghttpd", "--no-tls", "--address=127.0.0.1", "-d", str(folder), str(port)]


def _memcache(port: int, folder: Path) -> list[str]:
    words = ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "64", "-t", "1"]
    return [*words, "-u", "nobody"] if os.geteuid() == 0 else words


def _mysql(port: int, folder: Path) -> list[str]:
    root = ["--user=root"] if os.geteuid() == 0 else []
    data = f"--datadir={folder}/data"
    command = ["mariadb-install-db", "--no-defaults", data, *root, "--skip-test-db"]
    output([*command, "--auth-root-authentication-method=normal"], _PREPARING)
    words = ["mariadbd", "--no-defaults", data, *root, "--bind-address=127.0.0.1"]
    words += [f"--port={port}", f"--socket={folder}/socket", f"--pid-file={folder}/pid"]
    return [*words, "--skip-name-resolve", "--skip-log-bin", "--innodb-buffer-pool-size=64M"]


def _postgresql(port: int, folder: Path) -> list[str]:
    user = _asUser(folder)
    words = [*user, postgresProgram("initdb"), f"--pgdata={folder}/data", f"--username={USER}"]
    output([*words, "--auth=trust", "--no-sync", "--encoding=UTF8", "--no-locale"], _PREPARING)
    words = [*user, postgresProgram("postgres"), "-D", f"{folder}/data", "-k", str(folder)]
    return [*words, "-h", "127.0.0.1", "-p", str(port), "-c", "fsync=off"]


def _nothing(port: int, folder: Path) -> None:
    pass


def _storeValue(port: int, folder: Path) -> None:
    """
    The value that everyone will ask for.
    """
    words = ["redis-benchmark", "-p", str(port), "-c", "1", "-n", "1", "-d", "3"]
    output([*words, "-t", "set", "--csv"], 10)


def _fillMySQL(port: int, folder: Path) -> None:
    setup = f"CREATE DATABASE {DATABASE}; CREATE USER {USER}@'%'; GRANT ALL ON *.* TO {USER}@'%'"
    where = f"--socket={folder}/socket"
    output(["mariadb", "--no-defaults", where, "--user=root", f"--execute={setup}"], _PREPARING)
    output(sysbench(port, 1, "prepare"), _PREPARING)


def _fillPostgreSQL(port: int, folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            # It listens before it answers.
            output([postgresProgram("pg_isready"), "-h", "127.0.0.1", "-p", str(port)], 10)
            break
        except ReadingError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
    output(pgbench(port, "--initialize", "--quiet", "--scale=1"), _PREPARING)


Start = Callable[[int, Path], Sequence[str]]

#: By kind: the words that start it, and what is done when it listens.
KINDS: dict[str, tuple[Start, Callable[[int, Path], None]]] = {
    "redis": (_redis, _storeValue),
    "http": (_http, _nothing),
    "http2": (_http2, _nothing),
    "bulk": (_bulk, _nothing),
    "mysql": (_mysql, _fillMySQL),
    "postgresql": (_postgresql, _fillPostgreSQL),
    "memcache": (_memcache, _nothing),
}
