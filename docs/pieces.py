"""
Epytext, tables and program text as reStructuredText.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence

from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.matchers import Matcher
from vaurien_twisted.model.options import KINDS, Spec, specs

#: C{C{code}}, C{L{words<target>}} and the like, in docstrings.
_MARKUP = re.compile(r"([A-Z])\{([^{}<]*)(?:<[^<>{}]*>)?\}")

#: Characters that mean something in reStructuredText.
_SPECIAL = re.compile(r"([\\*`|]|_(?=\W|$))")

#: The width of paragraphs, in characters.
WIDTH = 96

HEADS = "=-~"


def code(text: str) -> str:
    """
    Words of a program; nothing if there are none.
    """
    return f"``{text}``" if text else ""


def inline(text: str) -> str:
    """
    A line of epytext.
    """
    parts, start = [], 0
    for match in _MARKUP.finditer(text):
        parts.append(_SPECIAL.sub(r"\\\1", text[start : match.start()]))
        # A letter right behind a literal would keep it from ending.
        glued = text[match.end() : match.end() + 1].isalnum()
        parts.append(code(match[2]) + ("\\ " if glued else ""))
        start = match.end()
    return "".join(parts) + _SPECIAL.sub(r"\\\1", text[start:])


def paragraph(text: str) -> str:
    """
    A paragraph of epytext, in lines of at most L{WIDTH} characters.
    """
    lines = [""]
    # A literal is never broken, whatever spaces it has.
    for word in re.findall(r"(?:``.*?``|\S)+", " ".join(inline(text).split())):
        joined = f"{lines[-1]} {word}".lstrip()
        if len(joined) > WIDTH and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = joined
    return "\n".join(lines)


def docstring(item: object) -> list[str]:
    """
    The paragraphs of the class's docstring.
    """
    return [paragraph(part) for part in (inspect.getdoc(type(item)) or "").split("\n\n")]


def heading(text: str, level: int = 0, label: str = "") -> str:
    """
    A title, with the label by which C{:ref:} finds it.
    """
    title = f"{text}\n{HEADS[level] * len(text)}"
    return f".. _{label}:\n\n{title}" if label else title


def block(text: str, language: str = "console") -> str:
    """
    Lines of a program.
    """
    lines = "\n".join(f"   {line}".rstrip() for line in text.splitlines())
    return f".. code-block:: {language}\n\n{lines}"


def table(
    heads: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[str]], kind: str = "wide"
) -> str:
    """
    A table of cells in reStructuredText.

    @param kind: how it is shown in a narrow window, a class of C{static/tables.css}.
    """
    lines = [
        ".. list-table::",
        f"   :class: {kind}",
        "   :header-rows: 1",
        f"   :widths: {' '.join(map(str, widths))}",
        "",
    ]
    for row in (heads, *rows):
        mark = "* -"
        for cell in row:
            lines.append(f"   {mark} {cell}".rstrip())
            mark = "  -"
    return "\n".join(lines)


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
    The values that an option accepts.
    """
    if spec.choices:
        return ", ".join(code(choice) for choice in spec.choices)
    words = KINDS[spec.kind]
    if spec.unit:
        words += f" ({spec.unit})"
    # The largest number that there is room for is no bound that a reader needs.
    most = None if spec.maximum == 2**63 - 1 else spec.maximum
    low, high = (
        f"{bound:g}" if isinstance(bound, float) else bound for bound in (spec.minimum, most)
    )
    if low is not None and high is not None:
        return f"{words}, {low} to {high}"
    if low is not None:
        return f"{words}, at least {low}"
    return words if high is None else f"{words}, at most {high}"


def options(cls: type) -> str:
    """
    The table of the options that C{cls} declares; a sentence if there are none.
    """
    declared = specs(cls).values()
    return fields("Option", declared) if declared else "It has no options."


def fields(head: str, declared: Iterable[Spec], prefix: str = "") -> str:
    """
    A table of options.

    @param prefix: C{--} where they are words of the command line, on which those that are
        true or false take no value.
    """
    rows = (
        (
            code(prefix + spec.name.replace("_", "-") if prefix else spec.name),
            code(value(spec)),
            "no value; in a file, true or false"
            if prefix and spec.kind is bool
            else accepted(spec),
            inline(spec.description),
        )
        for spec in declared
    )
    return table((head, "Default", "Accepts", "Meaning"), (22, 15, 23, 40), rows, "options")


def matchers(declared: Iterable[Matcher]) -> str:
    """
    The table of what a rule's C{when} can name.
    """
    rows = ((code(each.name), each.kind, inline(each.description)) for each in declared)
    return table(("Matcher", "Kind", "What is compared"), (18, 12, 70), rows, "matchers")


def errors(presets: Iterable[WireError]) -> str:
    """
    The table of a wire protocol's errors.  A column that would be empty is left out.
    """
    heads = ("Code", "State", "Message", "When", "Transient", "Transaction")
    widths = (13, 8, 29, 30, 10, 10)
    rows = [
        (
            code(error.code),
            code(error.state),
            code(error.message),
            inline(error.description),
            "yes" if error.transient else "no",
            error.transaction.value,
        )
        for error in presets
    ]
    used = [place for place in range(len(heads)) if any(row[place] for row in rows)]
    return table(
        [heads[place] for place in used],
        [widths[place] for place in used],
        [[row[place] for place in used] for row in rows],
    )
