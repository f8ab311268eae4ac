# -*- test-case-name: tests.experiments.test_document -*-
"""
YAML and JSON texts, parsed to values with their lines.

JSON is parsed as YAML, of which it is a subset for experiments (YAML 1.2, section 1.3).  The only
values are: text, numbers, booleans, null, lists and objects.
"""

from __future__ import annotations

import attrs
import yaml

from vaurien_twisted.model.options import Refused

#: The most characters of a text, the most values, and the deepest nesting.
TEXT_LIMIT, VALUE_LIMIT, DEPTH_LIMIT = 2**20, 20_000, 32


@attrs.frozen
class Located:
    """
    A value and its place in the text.

    @ivar value: text, a number, a boolean, C{None}, a list of L{Located}, or a dictionary of
        L{Located} by name.
    @ivar line: the line, from 1.
    @ivar names: the lines of an object's names.
    """

    value: object
    line: int
    names: dict[str, int] = attrs.field(factory=dict)

    def plain(self) -> object:
        """
        The value without its lines.
        """
        if isinstance(self.value, list):
            return [each.plain() for each in self.value]
        if isinstance(self.value, dict):
            return {name: each.plain() for name, each in self.value.items()}
        return self.value


class _Reader:
    """
    Converts the nodes of one text to values.
    """

    def __init__(self) -> None:
        self._constructor = yaml.constructor.SafeConstructor()
        self._count = 0

    def read(self, node: yaml.Node, depth: int = 0) -> Located:
        line = node.start_mark.line + 1
        self._count += 1
        # An anchor counts once for each use, so that the values are bounded.
        if self._count > VALUE_LIMIT:
            raise Refused(f"line {line}: the experiment has over {VALUE_LIMIT} values, the maximum")
        if depth > DEPTH_LIMIT:
            raise Refused(f"line {line}: values are nested too deep: {DEPTH_LIMIT} levels at most")
        if isinstance(node, yaml.SequenceNode):
            return Located([self.read(each, depth + 1) for each in node.value], line)
        if isinstance(node, yaml.MappingNode):
            return self._object(node, line, depth)
        if not isinstance(node, yaml.ScalarNode) or node.tag not in _PLAIN:
            raise Refused(f"line {line}: {node.tag!r} is not a plain value of YAML: remove it")
        try:
            return Located(_PLAIN[node.tag](self._constructor, node), line)
        except ValueError as error:
            raise Refused(f"line {line}: {error}") from None

    def _object(self, node: yaml.MappingNode, line: int, depth: int) -> Located:
        found: dict[str, Located] = {}
        names: dict[str, int] = {}
        for key, value in node.value:
            at = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise Refused(f"line {at}: a name must be text")
            name = str(key.value)
            if name in found:
                raise Refused(f"line {at}: {name!r} is given twice (first in line {names[name]})")
            found[name] = self.read(value, depth + 1)
            names[name] = at
        return Located(found, line, names)


_make = yaml.constructor.SafeConstructor
_PLAIN = {
    "tag:yaml.org,2002:str": _make.construct_yaml_str,
    "tag:yaml.org,2002:int": _make.construct_yaml_int,
    "tag:yaml.org,2002:float": _make.construct_yaml_float,
    "tag:yaml.org,2002:bool": _make.construct_yaml_bool,
    "tag:yaml.org,2002:null": _make.construct_yaml_null,
    # Dates remain text, since no field of an experiment is a date.
    "tag:yaml.org,2002:timestamp": lambda constructor, node: str(node.value),
}


def readText(text: str) -> Located:
    """
    The values of a YAML or JSON text.

    @raise Refused: the text is neither, is not one object, or is over a limit; the message names
        the line.
    """
    if len(text) > TEXT_LIMIT:
        raise Refused(f"the experiment is over {TEXT_LIMIT} characters, the maximum")
    try:
        # JSON may indent with tabs, which YAML does not allow.
        node = yaml.compose(text.replace("\t", "  "), Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        raise Refused(f"{where}this is not YAML: {' '.join(str(reason).split())}") from None
    except RecursionError:
        raise Refused(f"values are nested too deep: {DEPTH_LIMIT} levels at most") from None
    if node is None:
        raise Refused("the file is empty: an experiment needs a 'method'")
    root = _Reader().read(node)
    if not isinstance(root.value, dict):
        raise Refused(f"line {root.line}: an experiment must be an object with a 'method'")
    return root
