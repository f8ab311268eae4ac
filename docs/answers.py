"""
The answers of the control service that the pages show, asked from a real process.

A page marks each with a comment before its block, which tells the status that must come
and, of a long answer, how many lines are shown::

    .. answer: 200, 12 lines

    .. code-block:: console

       $ curl http://localhost:8080/state
       {"version": ...

L{renewed} runs the command of each block, in the order of the page, and writes the answer below
it.  Times, ports and durations, which differ from run to run, are replaced.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import re
import shlex
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from threading import Thread
from typing import Any

from pieces import block

from vaurien_twisted import start_proxy, stop_proxy
from vaurien_twisted.client.common import HEADERS

#: Answers of more characters than this are shown in several lines.
LONG = 88

#: The time of every event, in seconds since 1970.
TIME = 1764000000.25

#: What a backend of the pages answers.
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"

_MARK = re.compile(r"\.\. answer: (?P<status>\d{3})(?:, (?P<lines>\d+) lines)?")
#: The control service, or that of C{--toxiproxy}, on the pages.
_SERVICE = re.compile("^http://localhost:(8080|8474)")

_ADDRESS = re.compile(r"(127\.0\.0\.1|localhost):(\d+)")

#: How long each exchange took, in seconds.
DURATION = 0.002


#: A proxy before a backend that nobody can reach.
UNREACHABLE: dict[str, Any] = {
    "protocol": "mysql",
    "backend_host": "192.168.1.123",
    "backend_port": 3306,
    "options": ["--seed", "7"],
}


class Service:
    """
    A Vaurien that answers the pages.

    @param arguments: of C{start_proxy}; without any, those of L{UNREACHABLE}.
    """

    def __init__(self, **arguments: Any) -> None:
        self._process = start_proxy(
            proxy_port=0, port=0, log_level="error", **(arguments or UNREACHABLE)
        )
        self._ports = {str(self._process.http_port): "8080"}
        self.port = int(self._process.proxy_address.rpartition(":")[2])
        self._ports[str(self.port)] = "8000"

    def ask(self, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
        """
        The status and the answer, normalized, without its newline.
        """
        headers = {"User-Agent": HEADERS["User-Agent"], **headers}
        connection = HTTPConnection("localhost", self._process.http_port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            text = response.read().decode().rstrip("\n")
        return response.status, pretty(self._normal(json.loads(text))) if text else ""

    def _normal(self, value: Any, name: str = "") -> Any:
        """
        C{value} without what differs from run to run.
        """
        if isinstance(value, dict) and name == "duration" and "count" in value:
            return {key: _lasted(key, each, value["count"]) for key, each in value.items()}
        if isinstance(value, dict):
            return {key: self._normal(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self._normal(each) for each in value]
        if isinstance(value, str):
            return _ADDRESS.sub(lambda found: f"{found[1]}:{self._port(found[2])}", value)
        if name == "left":
            # What is left of a time, in seconds.
            return 10.0 * math.ceil(value / 10)
        if isinstance(value, float) and value > 1e9:
            return TIME
        return value

    def _port(self, port: str) -> str:
        """
        The port that the pages show for one that the system has picked.
        """
        if int(port) < 10000:
            return port
        return self._ports.setdefault(port, str(50000 + len(self._ports) - 2))

    def stop(self) -> None:
        """
        End it.
        """
        stop_proxy(self._process)


def _lasted(name: str, value: Any, count: int) -> Any:
    """
    A member of what is told of durations, as if all were alike.
    """
    match name:
        case "sum":
            return count * DURATION
        case "buckets":
            return [[DURATION, count]] if value else []
        case "count":
            return value
    return DURATION if value else value


class Watched(Service):
    """
    A Vaurien with one connection, on which three of ten requests were to fail.
    """

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        Thread(target=self._serve, daemon=True).start()
        backend = self._listening.getsockname()[1]
        super().__init__(
            protocol="http",
            backend_port=backend,
            options=["--seed", "7", "--behavior", "30:error"],
        )
        self._ports[str(backend)] = "5000"
        self._client = HTTPConnection("127.0.0.1", self.port, timeout=60)
        for path in ("/", "/cart", "/orders/7", "/orders/8", "/pay"):
            self._client.request("GET", path)
            self._client.getresponse().read()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        # Vaurien resets the connection when it ends.
        with client, contextlib.suppress(OSError):
            while client.recv(65536):
                client.sendall(REPLY)

    def stop(self) -> None:
        """
        End it, its client and its backend.
        """
        self._client.close()
        super().stop()
        self._listening.close()


#: The service of a page, where it is not L{Service}.
SERVICES = {"observing.rst": Watched}


def renewed(name: str, text: str) -> str:
    """
    The page with the answers of today.

    @param name: the name of its file.
    """
    if not _MARK.search(text):
        return text
    service = SERVICES.get(name, Service)()
    try:
        return "\n".join(_renewed(name, text.split("\n"), service))
    finally:
        service.stop()


def _renewed(name: str, lines: list[str], service: Service) -> Iterator[str]:
    number = 0
    while number < len(lines):
        mark = _MARK.fullmatch(lines[number])
        if mark is None:
            yield lines[number]
            number += 1
            continue
        yield from lines[number : number + 2]
        first = number + 4
        number = end_ = first
        while end_ < len(lines) and (not lines[end_] or lines[end_].startswith("   ")):
            end_ += 1
        command, words = _command([line[3:] for line in lines[first:end_]])
        status, answer = service.ask(*asked(words))
        if status != int(mark["status"]):
            raise ValueError(f"{name}:{first + 1}: answered {status}: {answer}")
        shown = answer.splitlines()
        if mark["lines"] and int(mark["lines"]) < len(shown):
            shown[int(mark["lines"]) :] = ["  ..."]
        yield from block("\n".join([*command, *shown])).split("\n")
        yield ""
        number = end_


def _command(lines: list[str]) -> tuple[list[str], list[str]]:
    """
    The lines of the command that a block begins with, and its words.
    """
    for count in range(1, len(lines) + 1):
        if lines[count - 1].endswith("\\"):
            continue
        with contextlib.suppress(ValueError):
            return lines[:count], shlex.split("\n".join(lines[:count]))
    raise ValueError(f"no command: {lines}")


def asked(words: list[str]) -> tuple[str, str, str, dict[str, str]]:
    """
    The method, path, body and headers of a C{curl} command.
    """
    [url] = [word for word in words if _SERVICE.match(word)]
    body = words[words.index("-d") + 1] if "-d" in words else ""
    method = words[words.index("-X") + 1] if "-X" in words else "POST" if body else "GET"
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    for option, header in itertools.pairwise(words):
        if option == "-H":
            name, _, value = header.partition(": ")
            headers[name] = value
    return method, _SERVICE.sub("", url), body, headers


def pretty(value: Any, indent: str = "") -> str:
    """
    JSON in which each object and array that fits into a line stands in one.
    """
    whole = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(whole) <= LONG or not isinstance(value, dict | list) or not value:
        return whole
    deeper = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {pretty(each, deeper)}" for key, each in value.items()]
        first, last = "{", "}"
    else:
        parts = [pretty(each, deeper) for each in value]
        first, last = "[", "]"
    lines: list[str] = []
    for part in parts:
        # Short members share a line.
        joined = f"{lines[-1]}, {part}" if lines else part
        if lines and "\n" not in joined and len(deeper) + len(joined) < LONG:
            lines[-1] = joined
        else:
            lines.append(part)
    inner = ",\n".join(deeper + line for line in lines)
    return f"{first}\n{inner}\n{indent}{last}"
