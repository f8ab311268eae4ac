# -*- test-case-name: tests.integration.test_experiment -*-
"""
C{vaurienctl experiment}: runs, checks and compares experiments.
"""

from __future__ import annotations

import argparse
from collections.abc import MutableMapping

from vaurien_twisted.arguments import takesFile
from vaurien_twisted.client.blocking import Client
from vaurien_twisted.client.common import ClientError

EXAMPLES = """\
examples:
  vaurienctl experiment check experiment.yaml
  vaurienctl experiment run experiment.yaml --html report.html
  vaurienctl experiment run experiment.yaml --target http://a:8080 --target http://b:8080
  vaurienctl experiment compare before.json after.json
  vaurienctl experiment schema > experiment.schema.json

exit status of run: 0 all conditions held, 1 one was broken, 2 bad usage, 3 halted or not judged
"""

#: The actions of the command.
ACTIONS = ("run", "check", "compare", "schema")


def addExperiment(
    parser: argparse.ArgumentParser,
    made: MutableMapping[str, argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    """
    The arguments of the command.

    @param made: gets the actions, such as C{experiment run}.
    @param common: the options that every command accepts.
    """
    from vaurien_twisted.experiments.command import addArguments

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    running = made["experiment run"] = actions.add_parser(
        "run", help="run an experiment on running services", parents=[common]
    )
    addArguments(running, fleet=True)
    checking = made["experiment check"] = actions.add_parser(
        "check", help="check a file; nothing is run", parents=[common]
    )
    takesFile(checking.add_argument("file", metavar="FILE"))
    comparing = made["experiment compare"] = actions.add_parser(
        "compare", help="show two reports side by side", parents=[common]
    )
    takesFile(comparing.add_argument("first", metavar="A", help="a report in JSON"))
    takesFile(comparing.add_argument("second", metavar="B", help="another"))
    made["experiment schema"] = actions.add_parser(
        "schema", help="show the JSON Schema of experiments", parents=[common]
    )


def experiment(client: Client, parsed: argparse.Namespace) -> int:
    """
    Run the command.

    @param client: for the service of a run that names no other.
    @return: the exit status.
    """
    from vaurien_twisted.experiments import command
    from vaurien_twisted.experiments.targets import targets
    from vaurien_twisted.model.options import Refused

    try:
        if parsed.action == "check":
            print(command.check(parsed.file, parsed.json))
        elif parsed.action == "compare":
            print(command.compare(parsed.first, parsed.second))
        elif parsed.action == "schema":
            print(command.schemaText())
        else:
            found = command.prepare(parsed)
            if parsed.dry_run:
                print(command.dryRun(found, parsed.json))
            else:
                return command.runOn(found, targets(parsed, client.url), parsed)
    except Refused as refused:
        raise ClientError(refused.description) from None
    return 0
