"""
Epytext, tables and program text as docutils nodes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from docutils import nodes

from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.matchers import Matcher
from vaurien_twisted.model.options import KINDS, Spec, specs

#: C{C{code}}, C{L{words<target>}} and the like, in docstrings.
_MARKUP = re.compile(r"([A-Z])\{([^{}<]*)(?:<[^<>{}]*>)?\}")


def inline(text: str) -> Iterator[nodes.Node]:
    """
    The nodes of a line of epytext.
    """
    place = 0
    for match in _MARKUP.finditer(text):
        yield nodes.Text(text[place : match.start()])
        yield nodes.literal(match[2], match[2])
        place = match.end()
    yield nodes.Text(text[place:])


def paragraph(text: str) -> nodes.paragraph:
    """
    A paragraph of epytext.
    """
    return nodes.paragraph("", "", *inline(" ".join(text.split())))


def docstring(item: object) -> list[nodes.paragraph]:
    """
    The paragraphs of the class's docstring.
    """
    return [paragraph(part) for part in (inspect.getdoc(type(item)) or "").split("\n\n")]


def code(text: str) -> nodes.literal:
    """
    Words of a program.
    """
    return nodes.literal(text, text)


def block(text: str, language: str = "console") -> nodes.literal_block:
    """
    Lines of a program.
    """
    return nodes.literal_block(text, text, language=language)


def table(
    heads: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Any]]
) -> nodes.table:
    """
    A table; each cell is a node, or epytext.
    """
    group = nodes.tgroup(cols=len(heads))
    group += [nodes.colspec(colwidth=width) for width in widths]
    head, body = nodes.thead(), nodes.tbody()
    head += _row(heads)
    body += [_row(row) for row in rows]
    group += [head, body]
    # Or else the widths are left to the browser.
    return nodes.table("", group, classes=["colwidths-given"])


def _row(cells: Sequence[Any]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        whole = paragraph(cell) if isinstance(cell, str) else nodes.paragraph("", "", cell)
        row += nodes.entry("", whole)
    return row


def value(spec: Spec) -> str:
    """
    An option's default as it would be written.
    """
    if spec.default is None:
        return ""
    if spec.kind is bool:
        return "true" if spec.default else "false"
    return f"{spec.default:g}" if spec.kind is float else str(spec.default)


def accepted(spec: Spec) -> str:
    """
    What an option takes.
    """
    if spec.choices:
        return ", ".join(f"C{{{choice}}}" for choice in spec.choices)
    words = KINDS[spec.kind]
    if spec.unit:
        words += f" ({spec.unit})"
    low, high = (
        f"{bound:g}" if isinstance(bound, float) else bound
        for bound in (spec.minimum, spec.maximum)
    )
    if low is not None and high is not None:
        return f"{words}, {low} to {high}"
    if low is not None:
        return f"{words}, at least {low}"
    return words if high is None else f"{words}, at most {high}"


def options(cls: type, prefix: str = "") -> list[nodes.Node]:
    """
    The table of the options that C{cls} declares; a sentence if there are none.

    @param prefix: C{--} where they are shown as words of the command line, on which
        those that are true or false take no value.
    """
    flags = bool(prefix)
    declared = specs(cls).values()
    if not declared:
        return [nodes.paragraph(text="It has no options.")]
    return [_options("Option", declared, prefix, flags)]


def fields(declared: Iterable[Spec]) -> nodes.table:
    """
    The table of the fields of a rule.
    """
    return _options("Field", declared, "", False)


def _options(head: str, declared: Iterable[Spec], prefix: str, flags: bool) -> nodes.table:
    rows = (
        (
            code(prefix + spec.name.replace("_", "-") if prefix else spec.name),
            code(value(spec)) if value(spec) else "",
            "nothing; in a file, true or false" if flags and spec.kind is bool else accepted(spec),
            spec.description,
        )
        for spec in declared
    )
    return table((head, "Default", "Takes", "Meaning"), (22, 15, 23, 40), rows)


def targets(declared: Iterable[Matcher]) -> nodes.table:
    """
    The table of what a rule's C{when} can name.
    """
    rows = ((code(target.name), target.kind, target.description) for target in declared)
    return table(("Target", "Kind", "What it is"), (18, 12, 70), rows)


def errors(presets: Iterable[WireError]) -> nodes.table:
    """
    The table of a wire protocol's errors.
    """
    rows = (
        (
            code(error.code),
            code(error.state) if error.state else "",
            code(error.message) if error.message else "",
            error.description,
            "yes" if error.transient else "no",
            error.transaction.value,
        )
        for error in presets
    )
    titles = ("Code", "State", "Message", "When", "Transient", "The transaction")
    return table(titles, (12, 9, 29, 30, 10, 10), rows)
