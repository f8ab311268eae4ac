# -*- test-case-name: tests.app.test_environment -*-
"""
Settings from the environment, as containers are configured: C{VAURIEN_BACKEND=db:3306}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: The variable with the path of the configuration file, where C{--config} is not given.
CONFIG_VARIABLE = "VAURIEN_CONFIG"

#: What the variables of settings begin with.
PREFIX = "VAURIEN_"


def settingsFrom(environ: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """
    The settings that the environment has, by their names; an empty variable counts as none.

    The token is not among them: it has a rule of its own, since clients read it, too.

    @param names: those of all settings, with underscores.
    """
    found = {}
    for name in names:
        value = environ.get(PREFIX + name.upper(), "")
        if value and name != "token":
            found[name] = value
    return found
