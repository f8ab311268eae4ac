# -*- test-case-name: tests.client.test_starting -*-
"""
Vaurien in a process of its own, for test suites::

    pid = start_proxy(control_port=8080)
    ...
    stop_proxy(pid)

or C{with start_proxy(proxy_port=0, control_port=0) as proxy:}, which uses free ports; with
C{proxies={"db": "mysql://localhost:3306", "cache": "redis://localhost:6379"}} several proxies run
in one process.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence

from vaurien_twisted.client.common import fieldsOf
from vaurien_twisted.client.launcher import ProxyError, ProxyProcess, launch, reachable, stop_proxy
from vaurien_twisted.model.environment import TOKEN_VARIABLE


def start_proxy(
    proxy_host: str = "localhost",
    proxy_port: int = 8000,
    backend_host: str = "localhost",
    backend_port: int = 8888,
    protocol: str = "tcp",
    http: bool = True,
    http_host: str = "localhost",
    http_port: int = 8080,
    options: Sequence[str] | None = None,
    log_level: str = "info",
    log_output: str = "-",
    port: int | None = None,
    timeout: float = 30.0,
    token: str | None = None,
    control_port: int | None = None,
    proxies: Mapping[str, str | Mapping[str, object]] | None = None,
    quiet: bool = False,
) -> ProxyProcess:
    """
    Start one proxy, or several in one process, and wait until everything listens.  It ends with
    this process, if not before.

    @param proxy_port: the port that applications connect to; 0 for a free one.
    @param http: whether to open the control service.
    @param http_port: the port of the control service; 0 for a free one.  C{control_port} and
        C{port} are other names for it.
    @param options: more words for the command line: C{["--behavior-delay-sleep", "2"]}.
        C{--protocol}, C{--proxy} and C{--backend} take precedence over the other parameters.
    @param log_output: a file, or C{-} for the standard output of this process.
    @param timeout: the time limit of the start, in seconds.
    @param token: the token of the control service; by default C{VAURIEN_TOKEN}.
    @param proxies: replaces the one proxy by several, by name.  Each is a backend such as
        C{"mysql://localhost:3306"}, or the fields of a proxy: C{{"upstream": "localhost:3306",
        "protocol": "mysql", "listen": "127.0.0.1:3307"}}.  They listen on free ports unless
        C{listen} is given.
    @param quiet: write the log to a file that is removed with the process; its end is written to
        standard error if the C{with} block of the process fails.
    @return: the process; it equals its process id.
    @raise ProxyError: the proxy did not start.
    @raise TypeError: C{options} is not a sequence of words.
    @raise ValueError: C{control_port}, C{port} or C{proxies} is given, but C{http} is false.
    """
    port = control_port if port is None else port
    if not http and (port is not None or proxies is not None):
        raise ValueError("port and proxies need the control service, which http=False leaves out")
    http_port = http_port if port is None else port
    if isinstance(options, str) or not all(isinstance(word, str) for word in options or ()):
        raise TypeError(f"options must be a sequence of words such as ['--stay'], not {options!r}")
    command = [sys.executable, "-m", "vaurien_twisted"]
    if proxies is None:
        own = {
            "--protocol": protocol,
            "--proxy": _place(proxy_host, proxy_port),
            "--backend": _place(backend_host, backend_port),
        }
        # The command line refuses options that are given twice.
        given = {word.partition("=")[0] for word in options or ()}
        for name, value in own.items():
            if name not in given:
                command += [name, value]
        if http:
            command += ["--http", "--http-host", http_host, "--http-port", str(http_port)]
    else:
        command += ["--toxiproxy", _place(http_host, http_port)]
    if quiet:
        descriptor, log_output = tempfile.mkstemp(prefix="vaurien-", suffix=".log")
        os.close(descriptor)
    command += ["--log-level", log_level, "--log-output", log_output, *(options or ())]
    # The token is not on the command line, which other users of the machine can read.
    environment = {} if token is None else {TOKEN_VARIABLE: token}
    try:
        started = launch(command, timeout, environment, log_output if quiet else "")
    except BaseException:
        if quiet:
            os.unlink(log_output)
        raise
    if proxies is not None:
        try:
            _create(started, proxies, token, timeout)
        except BaseException:
            stop_proxy(started)
            raise
    return started


def _place(host: str, port: int) -> str:
    host = host.removeprefix("[").removesuffix("]")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _create(
    started: ProxyProcess,
    proxies: Mapping[str, str | Mapping[str, object]],
    token: str | None,
    timeout: float,
) -> None:
    """
    Create the proxies of a process.

    @raise ProxyError: one of them is refused.
    """
    # Imported here: programs that start one proxy need no client.
    from vaurien_twisted.client.blocking import Client, ClientError

    place = (started.toxiproxy_url or "").removeprefix("http://")
    started.http_url = started.toxiproxy_url
    started.http_port = reachable(place)[1]
    client = Client(url=started.http_url, timeout=timeout, token=token)
    for name, wanted in proxies.items():
        fields = fieldsOf(wanted) if isinstance(wanted, str) else dict(wanted)
        fields = {"name": name, "listen": "127.0.0.1:0", **fields}
        try:
            made = client.request("POST", "/proxies", fields)
        except ClientError as error:
            raise ProxyError(f"proxy {name!r}: {error.reason}") from error
        place, port = reachable(str(made["listen"]))
        started.proxies[name] = place
        if len(started.proxies) == 1:
            started.proxy_address, started.proxy_port = place, port
