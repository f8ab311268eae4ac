# -*- test-case-name: tests.pytest_plugin.test_plugin -*-
"""
Hooks and fixtures of the plugin; pytest finds them by the entry point C{pytest11}.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import pytest

from vaurien_twisted.client.common import ClientError, fieldsOf
from vaurien_twisted.model.json_types import Answer
from vaurien_twisted.pytest_plugin.kit import Fault, Kit
from vaurien_twisted.pytest_plugin.server import Server
from vaurien_twisted.pytest_plugin.texts import section

#: The key of the process's kit.
KIT = pytest.StashKey[Kit]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """
    Declare the options.
    """
    group = parser.getgroup("vaurien", "faults between the application and its backends")
    group.addoption(
        "--vaurien-seed",
        type=int,
        default=None,
        help="the seed of the run, to repeat its decisions (default: another one each time)",
    )
    group.addoption(
        "--vaurien-report",
        metavar="DIR",
        default=None,
        help="write what was done in each test to DIR, as JSON lines",
    )
    group.addoption(
        "--vaurien-url",
        metavar="URL",
        default=None,
        help="use the Vaurien that runs there, with a lease, in place of one of this run's own",
    )
    parser.addini(
        "vaurien_proxies",
        "proxies, each NAME = PROTOCOL://HOST:PORT; $VARIABLES are those of the environment",
        type="linelist",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """
    Prepare the kit.  This starts no process.
    """
    config.addinivalue_line(
        "markers",
        "vaurien(proxy, behavior, **words): a fault on a proxy for the length of the test; it "
        "must strike, unless may_miss=True",
    )
    worker = getattr(config, "workerinput", {})
    seed = config.getoption("--vaurien-seed")
    if seed is None:
        seed = worker.get("vaurien_seed", secrets.randbits(32))
    url = config.getoption("--vaurien-url") or ""
    name = worker.get("workerid", "main")
    declared = dict(declaration(line) for line in config.getini("vaurien_proxies"))
    config.stash[KIT] = Kit(lambda: Server(url, name), declared, seed)


def declaration(line: str) -> tuple[str, tuple[str, dict[str, object]]]:
    """
    Parse a line of C{vaurien_proxies}: the name, the backend and the fields of a proxy.

    @raise UsageError: the line is not valid.
    """
    name, equals, place = (part.strip() for part in os.path.expandvars(line).partition("="))
    fields = fieldsOf(place)
    backend = str(fields.pop("upstream"))
    if not (name and equals and backend):
        raise pytest.UsageError(
            f"vaurien_proxies: {line!r} is not of the form 'db = mysql://localhost:3306'"
        )
    return name, (backend, fields)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """
    Show the seed of the run.
    """
    return [f"vaurien: --vaurien-seed={config.stash[KIT].run}"]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """
    Send the seed of the run to a worker of pytest-xdist.
    """
    node.workerinput["vaurien_seed"] = node.config.stash[KIT].run


def pytest_unconfigure(config: pytest.Config) -> None:
    """
    Stop the server.
    """
    kit = config.stash.get(KIT, None)
    if kit is not None:
        kit.stop()


@pytest.fixture(scope="session")
def vaurien_session(pytestconfig: pytest.Config) -> Kit:
    """
    The same as vaurien, for fixtures whose scope is larger than a test.
    """
    return pytestconfig.stash[KIT]


@pytest.fixture
def vaurien(pytestconfig: pytest.Config) -> Kit:
    """
    Proxies: vaurien.proxy("db", "localhost:3306", protocol="mysql").fault("error", ...).
    """
    return pytestconfig.stash[KIT]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """
    Reset all proxies before and after each test.
    """
    kit = item.config.stash[KIT]
    kit.begin(item.nodeid)
    try:
        return (yield)
    finally:
        kit.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """
    Put the faults of markers in force during the test.
    """
    kit = item.config.stash[KIT]
    marked = [_begun(kit, mark) for mark in reversed(list(item.iter_markers("vaurien")))]
    try:
        result = yield
    finally:
        for fault in marked:
            fault.lift()
    reasons = [reason for fault in marked if (reason := fault.missed())]
    if reasons:
        pytest.fail("\n".join(reasons), pytrace=False)
    return result


def _begun(kit: Kit, mark: pytest.Mark) -> Fault:
    """
    Put the fault of a marker in force.  A mistake in the marker fails the test in one line.
    """
    if len(mark.args) != 2:
        pytest.fail(
            "the marker vaurien takes a proxy and a behavior, such as "
            f'vaurien("db", "hang"), and keyword arguments, not {list(mark.args)}',
            pytrace=False,
        )
    name, behavior = mark.args
    try:
        return kit.proxy(name).begin(behavior, **mark.kwargs)
    except (ClientError, ValueError) as error:
        reason = str(error)
    # Outside of the block, since pytest would show both exceptions.
    pytest.fail(f"the marker vaurien({name!r}, {behavior!r}): {reason}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, object, object]:
    """
    Add a section to the report of a failed test, and write the test's line.
    """
    report = cast(pytest.TestReport, (yield))
    kit = item.config.stash[KIT]
    folder = item.config.getoption("--vaurien-report")
    # No request is sent if nothing is written.
    if report.when == "call" and kit.used and (report.failed or folder):
        entries = kit.entries()
        counts = [(fault.proxy, fault.count()) for fault in kit.faults]
        if report.failed and (kit.faults or entries):
            words = section(item.nodeid, kit.run, entries, counts, kit.server.log())
            report.sections.append(("vaurien", words))
        if folder:
            _write(Path(folder), item, report.outcome, kit, entries, counts)
    return report


def _write(
    folder: Path,
    item: pytest.Item,
    outcome: str,
    kit: Kit,
    entries: list[Answer],
    counts: list[tuple[str, Answer]],
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    worker = getattr(item.config, "workerinput", {}).get("workerid", "main")
    line = {
        "test": item.nodeid,
        "outcome": outcome,
        "run": kit.run,
        "seed": kit.seed,
        "faults": [{"proxy": proxy, **count} for proxy, count in counts],
        "journal": entries,
    }
    with open(folder / f"vaurien-{worker}.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
