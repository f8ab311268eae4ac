"""
What a run was measured on.
"""

from __future__ import annotations

import os
import platform
import re
import resource
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version as packageVersion
from pathlib import Path

from benchmarks.processes import output
from benchmarks.readings import ReadingError, version


def describe(programs: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """
    The machine, its load, and the versions of everything.

    @param programs: commands that print a version, by title.
    """
    try:
        model = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    except OSError:
        model = None
    load = ", ".join(f"{one:.2f}" for one in os.getloadavg())
    versions = [f"{title} {_version(command)}" for title, command in programs.items()]
    versions += [f"Twisted {packageVersion('Twisted')}", f"Python {platform.python_version()}"]
    return {
        "Date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "Processor": model[1] if model else platform.machine(),
        "Cores": str(len(os.sched_getaffinity(0))),
        "Kernel": f"{platform.system()} {platform.release()}",
        "Load before": f"{load} (over 1, 5 and 15 minutes)",
        "Versions": ", ".join(versions),
    }


def raiseFileLimit() -> int:
    """
    Allow this process and its children as many open files as it may have; how many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return 1_000_000 if hard == resource.RLIM_INFINITY else hard


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8", errors="replace")


def _version(command: Sequence[str]) -> str:
    try:
        return version(output(command, 10, strict=False))
    except ReadingError:
        return "(not installed)"
