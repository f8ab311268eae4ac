"""
A MariaDB of one's own, that speaks TLS to those who ask for it.
"""

from __future__ import annotations

import os
import subprocess
from functools import cache

from tests.integration.authority import papers
from tests.integration.servers import (
    ENVIRONMENT,
    STARTING,
    Server,
    answers,
    find,
    newFolder,
    start,
)
from tests.ports import freePort

USER, PASSWORD, DATABASE = "app", "secret", "shop"

#: Small and quick: nothing in it needs to outlive the run.
SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--log-bin",
    "--server-id=1",
    "--sync-binlog=0",
    "--local-infile=1",
    "--max-allowed-packet=64M",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=64M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    # Newer servers refuse more than deadlocks where reads must be repeatable.
    "--transaction-isolation=READ-COMMITTED",
)

SETUP = f"""
CREATE DATABASE {DATABASE};
CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO {USER}@'%';
"""


@cache
def mariadb() -> Server:
    """
    The server of this run, with a database and a user whose password is asked for.
    """
    folder, port = newFolder("mariadb"), freePort()
    asRoot = ["--user=root"] if os.geteuid() == 0 else []
    data = f"--datadir={folder}/data"
    _run(
        "mariadb-install-db",
        "--no-defaults",
        data,
        *asRoot,
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    )
    own, authority = papers().server, papers().authority.certificate
    where = f"--socket={folder}/socket"
    command = [find("mariadbd") or "mariadbd", "--no-defaults", data, *asRoot, where, *SETTINGS]
    command += [f"--port={port}", f"--pid-file={folder}/pid"]
    command += [f"--ssl-key={own.key}", f"--ssl-cert={own.certificate}", f"--ssl-ca={authority}"]
    server = start(command, port, folder, lambda: answers(port))
    _run("mariadb", "--no-defaults", where, "--user=root", f"--execute={SETUP}")
    return server


def _run(name: str, *words: str) -> None:
    subprocess.run(
        [find(name) or name, *words],
        check=True,
        timeout=STARTING,
        stdout=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
