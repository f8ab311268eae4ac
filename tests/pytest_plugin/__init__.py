"""
Tests of the plugin of pytest.
"""

from __future__ import annotations

from importlib.metadata import entry_points

#: What C{-p} takes: the plugin's name where the installed package tells it to pytest, else its
#: module.  Named by its module it would be registered twice.
PLUGIN = (
    "vaurien"
    if any(each.name == "vaurien" for each in entry_points(group="pytest11"))
    else "vaurien_twisted.pytest_plugin.plugin"
)
