# -*- test-case-name: tests.app.test_cli -*-
"""
The command C{vaurien}.
"""

from __future__ import annotations

import gc
import select
import sys
from collections.abc import Sequence

from twisted.logger import globalLogBeginner
from twisted.python import usage

from vaurien_twisted.app.tap import Options, serviceFor
from vaurien_twisted.express.poller import soonOn
from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.model.names import printable
from vaurien_twisted.model.options import Refused
from vaurien_twisted.record.logs import Lines, logObserver
from vaurien_twisted.stdio import openStandardStreams, writing

#: Stands for an exit status while there is none yet.
_PARSED = -1


def main(arguments: Sequence[str] | None = None, reactor: IServerReactor | None = None) -> None:
    """
    Run until interrupted.

    @param arguments: the command line without the program's name; by default that of the
        process.
    @param reactor: the reactor to run; by default the fastest one on this system.
    @raise SystemExit: 0 at the end; 1 if something cannot be opened; 2 if the command
        line or the ini file is not acceptable.  Standard error has the reason, one line.
    """
    if arguments is None:
        arguments = sys.argv[1:]
    if arguments[:1] == ["help"] and arguments[1:2] in (["run"], ["mcp"]):
        arguments = [arguments[1], "--help"]
    if arguments[:1] == ["mcp"]:
        from vaurien_twisted.mcp.command import serveAssistant

        gc.enable()
        raise SystemExit(serveAssistant(arguments[1:]))
    if reactor is None:
        openStandardStreams()
        _installReactor()
    if arguments[:1] == ["run"]:
        from vaurien_twisted.app.experiment import runExperiment

        gc.enable()
        raise SystemExit(runExperiment(arguments[1:]))
    options = Options()

    def parse() -> int:
        options.parseOptions(arguments)
        return _PARSED

    try:
        # Help and version are written on the way.
        status = writing("vaurien", parse)
        if status != _PARSED:
            raise SystemExit(status)
        settings = options.configuration.settings
        service = serviceFor(options, reactor)
    except (usage.UsageError, Refused) as error:
        print(f"vaurien: {printable(str(error))}", file=sys.stderr)
        raise SystemExit(2) from None
    core = service.reactor
    lines = Lines(sys.stdout, soonOn(core))
    # The service adds the observer of a log file.
    own = (
        [logObserver(lines, settings.log_level, settings.log_format)]
        if settings.log_output == "-"
        else []
    )
    globalLogBeginner.beginLoggingTo(own, redirectStandardIO=False, discardBuffer=True)
    service.privilegedStartService()
    core.addSystemEventTrigger("before", "shutdown", service.stopService)
    core.callWhenRunning(service.startService)
    if service.demo is not None and service.control is not None:
        from vaurien_twisted.app.demo import invitation

        print(invitation(service.proxy.address, service.control.address), flush=True)
    _settleMemory()
    try:
        core.run()
    finally:
        lines.flush()
    if service.refused:
        raise SystemExit(f"vaurien: {service.refused}")


def _installReactor() -> None:
    """
    Install the express reactor, where there is epoll and no reactor is installed yet.
    """
    if hasattr(select, "epoll") and "twisted.internet.reactor" not in sys.modules:
        from vaurien_twisted.express.reactor import install

        install()


def _settleMemory() -> None:
    """
    Tune the garbage collector: exclude the loaded modules, which stay, and collect the objects of
    short connections less often.
    """
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
