# -*- test-case-name: tests.app.test_environment -*-
"""
Settings from the environment, as containers are configured: C{VAURIEN_BACKEND=db:3306}.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from vaurien_twisted.model.environment import TOKEN_VARIABLE, URL_VARIABLE

#: The variable with the path of the configuration file, where C{--config} is not given.
CONFIG_VARIABLE = "VAURIEN_CONFIG"

#: The prefix of the variables of settings.
PREFIX = "VAURIEN_"

#: How alike a variable must be to that of a setting to be taken for it, 0 to 1.
ALIKE = 0.8


def settingsFrom(environ: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """
    The settings that the environment has, by their names; an empty variable counts as none.

    The token is not among them: it is read elsewhere, since clients use it too.

    @param names: those of all settings, with underscores.
    """
    found = {}
    for name in names:
        value = environ.get(PREFIX + name.upper(), "")
        if value and name != "token":
            found[name] = value
    return found


def misspelled(environ: Mapping[str, str], names: Iterable[str]) -> Iterator[str]:
    """
    Warnings of variables that are nearly those of settings.  Others are left alone: Kubernetes and
    tools of ours have variables with the same beginning.

    @param names: those of all settings, with underscores.
    """
    known = {PREFIX + name.upper() for name in names}
    known |= {CONFIG_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE}
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable not in known:
            close = get_close_matches(variable.removeprefix(PREFIX), map(_own, known), 1, ALIKE)
            if close:
                yield f"{variable} has no effect: did you mean {PREFIX}{close[0]}?"


def _own(variable: str) -> str:
    return variable.removeprefix(PREFIX)
