"""
Writes the parts of these pages that are made of the code::

    python docs/generate.py

These are the pages in C{reference}, the answers of the control service, and the files that a page
shows whole, each behind a comment C{.. file: NAME}.  All are committed, so that they can be read
where the sources are browsed.  With C{--check} nothing is written: the pages that are not current
are named, and the exit status is 1 if there are any.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from answers import renewed
from pieces import (
    block,
    code,
    docstring,
    errors,
    fields,
    heading,
    inline,
    matchers,
    options,
    paragraph,
    table,
    value,
)

from vaurien_twisted.app.settings import Settings
from vaurien_twisted.ctl import proxies as ctl_proxies
from vaurien_twisted.ctl.commands import COMMANDS, EXAMPLES
from vaurien_twisted.experiments.document import Experiment
from vaurien_twisted.experiments.fields import Field, classesOf, fieldsOf
from vaurien_twisted.model.matchers import COMMON
from vaurien_twisted.model.options import listed, specs
from vaurien_twisted.proxies.options import ProxyFields, ProxyOptions
from vaurien_twisted.rules.codec import fieldSpecs
from vaurien_twisted.rules.registry import EXCHANGES, STREAMS, loadRegistry

HERE = Path(__file__).resolve().parent

NOTE = ".. Written by docs/generate.py: change the declarations in the code, then run it."

#: Our own protocols: plugins that are installed must not change the pages.
WIRES = [
    wire
    for wire in loadRegistry().wires.values()
    if type(wire).__module__.startswith("vaurien_twisted.wire.")
]

_FILE = re.compile(
    r"(?P<head>\.\. file: (?P<name>\S+)\n\n\.\. code-block:: (?P<language>\w+)\n)"
    r"(?P<content>(?:\n|   [^\n]*\n)*)"
)


#: Values in the example of a behavior whose defaults it refuses, by behavior and option.
OTHERWISE = {"patch": {"status": "503"}}


def page(*parts: str | Iterable[str]) -> str:
    """
    Paragraphs, tables and titles as a file.
    """
    flat: list[str] = []
    for part in parts:
        flat += [part] if isinstance(part, str) else part
    return "\n\n".join([NOTE, *flat]) + "\n"


def behaviors() -> str:
    """
    What each behavior does, with its options and a command that sets it.
    """
    return page(
        heading("Behavior reference"),
        "Every behavior with its options, their defaults and units.  :doc:`../behaviors` explains "
        "how\nto use them; ``vaurienctl list-behaviors NAME`` prints the same in a terminal.",
        heading("For requests", 1),
        "These act on single requests and replies.",
        (part for item in EXCHANGES for part in _behavior(item)),
        heading("For connections", 1),
        "These act on the bytes of a connection, in any protocol.",
        (part for item in STREAMS for part in _behavior(item)),
    )


def _behavior(behavior: Any) -> Iterator[str]:
    yield heading(behavior.name, 2, f"behavior-{behavior.name}")
    yield from docstring(behavior)
    yield options(behavior.options)
    other = OTHERWISE.get(behavior.name, {})
    words = [
        f"{spec.name}={shlex.quote(other.get(spec.name, value(spec)))}"
        for spec in listed(behavior.options).values()
    ]
    yield block(" ".join(["$ vaurienctl set-behavior", behavior.name, *words]))


def protocols() -> str:
    """
    What each wire protocol understands, with its options and errors.
    """
    return page(
        heading("Protocol reference"),
        "Every wire protocol with its options and errors.  :doc:`../protocols` explains how "
        "errors\nwork; ``vaurienctl list-errors NAME`` prints the errors in a terminal.\n\n"
        "*Transient* errors are those after which a client may try again.  ``error`` without a "
        "code\nchooses one of them.  *Transaction* is what the error leaves of the transaction "
        "in which it\noccurs.",
        (part for item in WIRES for part in _protocol(item)),
    )


def _protocol(wire: Any) -> Iterator[str]:
    yield heading(wire.name, 1, f"protocol-{wire.name}")
    yield from docstring(wire)
    if wire.aliases:
        yield f"Other names: {', '.join(map(code, wire.aliases))}."
    if wire.targets:
        yield f"What rules can match: :ref:`matchers-{wire.name}`."
    yield options(wire.options)
    command = f"$ vaurien --protocol {wire.name} --backend localhost:1234"
    for spec in specs(wire.options).values():
        word = f"--protocol-{wire.name}-{spec.name.replace('_', '-')}"
        command += f" \\\n      {word} {shlex.quote(value(spec))}"
    yield block(command)
    if wire.errors:
        yield heading(f"Errors of {wire.name}", 2, f"errors-{wire.name}")
        families: dict[str, list[Any]] = {}
        for error in wire.errors.values():
            families.setdefault(error.family, []).append(error)
        for family, members in families.items():
            if family:
                yield f"In the form of {family}:"
            yield errors(members)


def rules() -> str:
    """
    What a rule can say.
    """
    return page(
        heading("Rule reference"),
        "The fields of a rule beside ``behavior`` and ``options``.  :doc:`../rules` explains "
        "them with\nexamples.",
        fields("Field", fieldSpecs().values()),
    )


def targets() -> str:
    """
    What C{when} can name.
    """
    return page(
        heading("Matcher reference"),
        "The names that a rule's ``when`` accepts.  :doc:`../rules` explains the kinds of "
        "patterns.",
        heading("All protocols", 1),
        matchers(COMMON),
        (
            part
            for wire in WIRES
            if wire.targets
            for part in (
                heading(wire.name, 1, f"matchers-{wire.name}"),
                matchers(wire.targets),
            )
        ),
    )


def commands() -> str:
    """
    The options of both commands.
    """
    own = {name: text for name, text in COMMANDS.items() if name not in ctl_proxies.COMMANDS}
    examples = [line.strip() for line in EXAMPLES.splitlines() if line.startswith("  vaurienctl")]
    return page(
        heading("Option reference"),
        heading("vaurien", 1),
        fields("Option", specs(Settings).values(), "--"),
        "These hold for every proxy; a proxy of a file or of REST can set its own:",
        fields("Option", specs(ProxyOptions).values(), "--"),
        "The options of behaviors (``--behavior-NAME-OPTION``) and protocols\n"
        "(``--protocol-NAME-OPTION``) are in :doc:`behaviors` and :doc:`protocols`.",
        heading("Proxies", 1),
        "The fields of a proxy, in ``[proxy:NAME]`` of an ini file and in JSON:",
        fields("Field", [*specs(ProxyFields).values(), *specs(ProxyOptions).values()]),
        heading("vaurienctl", 1),
        "``vaurienctl COMMAND --help`` shows the options of one command.",
        _commands(own),
        "Proxies and toxics:",
        _commands(ctl_proxies.COMMANDS),
        "Examples:",
        block("\n".join(f"$ {line}" for line in examples)),
    )


def _commands(texts: Mapping[str, str]) -> str:
    return "\n".join(
        f"{code(name)}\n   {inline(text[0].upper() + text[1:])}." for name, text in texts.items()
    )


def experiments() -> str:
    """
    Every object that an experiment's file can have, with its fields.
    """
    parts = [
        heading("Experiment reference"),
        "What the file of an experiment can say.  :doc:`../experiments` explains it with examples; "
        "\n``vaurienctl experiment schema`` prints the same as a JSON Schema.",
    ]
    for each in classesOf(Experiment):
        words = (each.__doc__ or "").split("@ivar")[0]
        parts += [
            heading(each.__name__, 1, f"experiment-{each.__name__.lower()}"),
            paragraph(words),
            table(
                ("Field", "Value", "What it is"),
                (16, 34, 50),
                [
                    (code(one.name), one.kind.describe(), described(one))
                    for one in fieldsOf(each).values()
                ],
            ),
        ]
    return page(*parts)


def described(field: Field) -> str:
    """
    A field of an experiment in words, with its default.
    """
    if field.required:
        return f"{field.description}  Required."
    default = field.default
    if default in ("", None, ()) or not isinstance(default, (str, int, float, tuple)):
        return field.description
    shown = default[0] if isinstance(default, tuple) else default
    text = str(shown).lower() if isinstance(shown, bool) else f"{shown}".removesuffix(".0")
    return f"{field.description}  Default: ``{text}``."


PAGES = {
    "behaviors.rst": behaviors,
    "protocols.rst": protocols,
    "rules.rst": rules,
    "matchers.rst": targets,
    "options.rst": commands,
    "experiments.rst": experiments,
}


def shown(text: str) -> str:
    """
    The page with the files that it shows as they are now.
    """

    def replaced(match: re.Match[str]) -> str:
        source = (HERE / match["name"]).read_text(encoding="utf-8")
        content = block(source, match["language"]).partition("\n")[2]
        return f"{match['head']}{content}\n\n"

    return _FILE.sub(replaced, text)


def current() -> Iterator[tuple[Path, str]]:
    """
    Each page that has generated parts, as it should be.
    """
    for name, make in PAGES.items():
        yield HERE / "reference" / name, make()
    for path in sorted(HERE.glob("*.rst")):
        text = path.read_text(encoding="utf-8")
        yield path, renewed(path.name, shown(text))


def main(arguments: list[str]) -> int:
    """
    Write, or check, all pages.
    """
    outdated = []
    for path, text in current():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            outdated.append(path.relative_to(HERE.parent))
            if "--check" not in arguments:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
    for path in outdated:
        print(f"{path} is not current" if "--check" in arguments else f"{path} is written")
    return 1 if outdated and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
