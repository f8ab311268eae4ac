"""
The memcached of a run.
"""

from __future__ import annotations

import os
from functools import cache

from tests.integration.servers import Server, answers, find, newFolder, start
from tests.ports import freePort


@cache
def memcached() -> Server:
    """
    The memcached of this run; it keeps values of up to 8 MiB.
    """
    folder, port = newFolder("memcached"), freePort()
    command = [find("memcached") or "memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0"]
    command += ["-m", "64", "-I", "8m"]
    if os.geteuid() == 0:
        command += ["-u", "nobody"]
    return start(command, port, folder, lambda: answers(port, b"version\r\n"))
