"""
The parts of these pages that are made of the code: options, behaviors, wire
protocols, the help of C{vaurienctl}, and the answers of the control service.

Each is a directive, so no file is written:

C{vaurien-settings}
    the options of the command, as a table.
C{vaurien-behaviors}, C{vaurien-protocols}
    a section for each, in the order of the registry.
C{vaurien-rule-fields}, C{vaurien-targets}
    what a rule can say, and what all protocols let it name, as tables.
C{vaurienctl-help}
    what C{vaurienctl --help} prints.
C{asked}
    a request to the control service, and the real answer of a real process.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import textwrap
from http.client import HTTPConnection
from typing import Any, ClassVar
from unittest.mock import patch

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from pieces import block, docstring, errors, fields, options, paragraph, targets, value
from sphinx.application import Sphinx

from vaurien_twisted import start_proxy, stop_proxy
from vaurien_twisted.app.settings import Settings
from vaurien_twisted.client.common import HEADERS
from vaurien_twisted.ctl import main as ctl
from vaurien_twisted.model.matchers import COMMON
from vaurien_twisted.model.options import specs
from vaurien_twisted.proxies.options import ProxyOptions
from vaurien_twisted.rules.codec import fieldSpecs
from vaurien_twisted.rules.registry import loadRegistry

#: Answers of more characters than this are shown indented.
_LONG = 88


class Part(Directive):
    """
    Makes nodes out of the code.
    """

    def section(self, kind: str, name: str) -> nodes.section:
        """
        A section that C{:ref:`kind-name`} leads to.
        """
        label = f"{kind}-{name}"
        section = nodes.section(ids=[nodes.make_id(label)], names=[label])
        section += nodes.title(name, name)
        self.state.document.note_explicit_target(section)
        return section


class SettingsPart(Part):
    """
    The options of the command.
    """

    def run(self) -> list[nodes.Node]:
        """
        One table.
        """
        return [*options(Settings, "--"), *options(ProxyOptions, "--")]


class BehaviorsPart(Part):
    """
    What each behavior does, with its options and a command that sets it.
    """

    def run(self) -> list[nodes.Node]:
        """
        A section for each.
        """
        return [self._behavior(item) for item in loadRegistry().behaviors.values()]

    def _behavior(self, behavior: Any) -> nodes.section:
        section = self.section("behavior", behavior.name)
        section += docstring(behavior)
        section += options(behavior.options)
        words = [
            f"{spec.name}={shlex.quote(value(spec))}" for spec in specs(behavior.options).values()
        ]
        section += block(" ".join(["$ vaurienctl set-behavior", behavior.name, *words]))
        return section


class ProtocolsPart(Part):
    """
    What each wire protocol understands, with its options and errors.
    """

    def run(self) -> list[nodes.Node]:
        """
        A section for each.
        """
        return [self._protocol(item) for item in loadRegistry().wires.values()]

    def _protocol(self, wire: Any) -> nodes.section:
        section = self.section("protocol", wire.name)
        section += docstring(wire)
        if wire.aliases:
            names = ", ".join(f"C{{{alias}}}" for alias in wire.aliases)
            section += paragraph(f"Also called {names}.")
        section += options(wire.options)
        command = f"$ vaurien --protocol {wire.name} --backend localhost:1234"
        for spec in specs(wire.options).values():
            word = f"--protocol-{wire.name}-{spec.name.replace('_', '-')}"
            command += f" \\\n      {word} {shlex.quote(value(spec))}"
        section += block(command)
        if wire.targets:
            section += nodes.rubric(text="Targets")
            section += targets(wire.targets)
        if wire.unit:
            section += paragraph(f"C{{unit=units}} of C{{error}} counts {wire.unit}.")
        if wire.errors:
            section += nodes.rubric(text="Errors")
            section += errors(wire.errors.values())
        return section


class RuleFieldsPart(Part):
    """
    What a rule can say.
    """

    def run(self) -> list[nodes.Node]:
        """
        One table.
        """
        return [fields(fieldSpecs().values())]


class TargetsPart(Part):
    """
    What a rule can name in every protocol.
    """

    def run(self) -> list[nodes.Node]:
        """
        One table.
        """
        return [targets(COMMON)]


class HelpPart(Part):
    """
    What the command prints of itself.
    """

    def run(self) -> list[nodes.Node]:
        """
        One block.
        """
        printed = io.StringIO()
        wide = patch.dict(os.environ, {"COLUMNS": "88"})
        with wide, contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            ctl.main(["--help"])
        return [block("$ vaurienctl --help\n" + printed.getvalue().rstrip())]


class AskedPart(Part):
    """
    A request, and the answer to it: the argument is C{METHOD PATH}, the content the
    body.  C{:status:} is the status that must come, C{:lines:} how much of the
    answer is shown.
    """

    required_arguments = 2
    has_content = True
    option_spec: ClassVar = {"status": directives.nonnegative_int, "lines": directives.positive_int}

    def run(self) -> list[nodes.Node]:
        """
        One block.
        """
        method, path = self.arguments
        body = "\n".join(self.content)
        status, answer = SERVICE.ask(method, path, body)
        wanted = self.options.get("status", 200)
        if status != wanted:
            raise self.error(f"{method} {path} was answered {status}, not {wanted}: {answer}")
        shown = answer if len(answer) <= _LONG else json.dumps(json.loads(answer), indent=2)
        lines = shown.splitlines()
        most = self.options.get("lines", len(lines))
        text = "\n".join([self._command(method, path, body), *lines[:most]])
        if most < len(lines):
            text += "\n  ..."
        return [block(text)]

    def _command(self, method: str, path: str, body: str) -> str:
        words = ["$ curl"] if method == "GET" else ["$ curl -X", method]
        words.append(shlex.quote(f"http://localhost:8080{path}"))
        if body:
            words.append("-H 'Content-Type: application/json' \\\n      -d")
            words.append("'" + textwrap.indent(body, " " * 10).strip() + "'")
        return " ".join(words)


class Service:
    """
    A Vaurien that runs while pages are read, if one of them asks.
    """

    def __init__(self) -> None:
        self._process: Any = None

    def ask(self, method: str, path: str, body: str) -> tuple[int, str]:
        """
        The status and the answer, without its newline.
        """
        if self._process is None:
            self._process = start_proxy(
                proxy_port=0,
                port=0,
                protocol="mysql",
                backend_host="192.168.1.123",
                backend_port=3306,
                log_level="error",
            )
        connection = HTTPConnection("localhost", self._process.http_port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, HEADERS if body else {})
            response = connection.getresponse()
            return response.status, response.read().decode().rstrip("\n")

    def stop(self, app: Sphinx, exception: Exception | None) -> None:
        """
        The pages are done.
        """
        process, self._process = self._process, None
        if process is not None:
            stop_proxy(process)


SERVICE = Service()


def setup(app: Sphinx) -> dict[str, Any]:
    """
    Called by Sphinx.
    """
    app.add_directive("vaurien-settings", SettingsPart)
    app.add_directive("vaurien-behaviors", BehaviorsPart)
    app.add_directive("vaurien-protocols", ProtocolsPart)
    app.add_directive("vaurien-rule-fields", RuleFieldsPart)
    app.add_directive("vaurien-targets", TargetsPart)
    app.add_directive("vaurienctl-help", HelpPart)
    app.add_directive("asked", AskedPart)
    app.connect("build-finished", SERVICE.stop)
    # What the pages say depends on the code, so all are read at each build, by one process.
    app.connect("env-get-outdated", lambda app, env, *changed: sorted(env.found_docs))
    return {"parallel_read_safe": False, "parallel_write_safe": True}
