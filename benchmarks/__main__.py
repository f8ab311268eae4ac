"""
The command: C{python -m benchmarks --help}.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.faults import FAULTS
from benchmarks.machine import describe, raiseFileLimit
from benchmarks.plot import plot
from benchmarks.processes import StartError
from benchmarks.relays import RELAYS, Relay, envoyProgram
from benchmarks.report import report
from benchmarks.results import DIRECT, REFERENCE, Results, fromJSON
from benchmarks.servers import postgresProgram
from benchmarks.table import restTable
from benchmarks.works import WORKS, Effort, Work

ROOT = Path(__file__).resolve().parents[1]

#: Everybody who is measured, in the order of the tables.
ALL = (*RELAYS, *FAULTS)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """
    The command line.

    @raise SystemExit: it is not acceptable.
    """
    works, relays = (", ".join(one.key for one in some) for some in (WORKS, ALL))
    parser = argparse.ArgumentParser(
        prog="bash benchmarks/run",
        description="Measure Vaurien side by side with other relays, on the loopback interface.",
        epilog="A whole run takes about 20 minutes and rewrites the figures in docs. "
        "With --quick, --only or fewer rounds they go to a temporary folder.",
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds (5; with --quick 2)")
    parser.add_argument("--quick", action="store_true", help="a coarse look in five minutes")
    parser.add_argument(
        "--only", default="", metavar="A,B", help=f"some works ({works}) or relays ({relays})"
    )
    parser.add_argument("--into", type=Path, metavar="DIR", help="where to write the results")
    parser.add_argument(
        "--redraw", type=Path, metavar="JSON", help="measure nothing, show older results"
    )
    options = parser.parse_args(arguments)
    if options.rounds is not None and not 1 <= options.rounds <= 100:
        parser.error("--rounds must be from 1 to 100")
    known = {one.key for some in (WORKS, ALL) for one in some}
    for word in filter(None, options.only.split(",")):
        if word not in known:
            parser.error(f"--only: there is no {word!r}")
    return options


def chosen(only: str) -> tuple[list[Relay], list[Work]]:
    """
    The relays and works that C{--only} leaves.  What others are compared with stays.
    """
    words = set(filter(None, only.split(",")))
    relays = [r for r in ALL if r.key in words | {DIRECT, REFERENCE}]
    works = [w for w in WORKS if w.key in words]
    return (
        relays if words & {r.key for r in ALL} else list(ALL),
        works or list(WORKS),
    )


def measure(options: argparse.Namespace) -> Results:
    """
    A run.

    @raise StartError: it cannot be made.
    """
    files = raiseFileLimit()
    relays, works = chosen(options.only)
    results = Results({relay.key: relay.title for relay in relays})
    results.machine = describe(_programs())
    # The relay has two files per connection, beside a few of its own.
    most = min(2000 if options.quick else 5000, (files - 500) // 2)
    idle = (most // 2 if options.quick else most // 5, most)
    effort = Effort(0.5, 1, idle) if options.quick else Effort(1.5, 2, idle)
    rounds = options.rounds or (2 if options.quick else 5)
    results.machine["Rounds"] = f"{rounds}, of {effort.seconds:g} s for each measurement"
    with tempfile.TemporaryDirectory(prefix="vaurien-benchmark-") as folder:
        bench = Bench(Path(folder), files, effort, results, lambda line: print(line, flush=True))
        bench.run(relays, works, rounds)
    return results


def write(results: Results, options: argparse.Namespace) -> None:
    """
    The files: the JSON, the page of figures and the picture.
    """
    whole = not (options.quick or options.only or (options.rounds or 5) < 5)
    into = options.into
    if into is None:
        into = ROOT if whole else Path(tempfile.mkdtemp(prefix="vaurien-figures-"))
    texts = {
        "benchmarks/results.json": results.toJSON(),
        "docs/reference/figures.rst": restTable(results),
        "docs/images/performance.svg": plot(results),
    }
    for name, text in texts.items():
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path}")


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Measure, print, write; 1 if something could not be measured.
    """
    options = parse(arguments)
    # So that contexts are left, which end what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if options.redraw is None:
            results = measure(options)
        else:
            results = fromJSON(options.redraw.read_text(encoding="utf-8"))
    except (StartError, OSError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    print(report(results))
    write(results, options)
    return 1 if results.failures else 0


def _programs() -> dict[str, list[str]]:
    programs = {
        "HAProxy": ["haproxy", "-v"],
        "nginx": ["nginx", "-v"],
        "Redis": ["redis-server", "--version"],
        "wrk": ["wrk", "-v"],
        "iperf3": ["iperf3", "--version"],
        "MariaDB": ["mariadbd", "--no-defaults", "--version"],
        "sysbench": ["sysbench", "--version"],
        "memcached": ["memcached", "--version"],
    }
    for title, name, find in (
        ("PostgreSQL", "postgres", lambda: postgresProgram("postgres")),
        ("Envoy", "envoy", envoyProgram),
    ):
        try:
            programs[title] = [find(), "--version"]
        except StartError:
            programs[title] = [name, "--version"]
    return programs


if __name__ == "__main__":
    sys.exit(main())
