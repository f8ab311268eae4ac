# -*- test-case-name: tests.ctl.test_main -*-
"""
The commands of C{vaurienctl}, as its help describes them.
"""

from __future__ import annotations

from vaurien_twisted.ctl import observing
from vaurien_twisted.ctl import proxies as ctl_proxies
from vaurien_twisted.model.environment import TOKEN_VARIABLE, URL_VARIABLE

EXAMPLES = f"""\
examples:
  vaurienctl list-behaviors
  vaurienctl list-behaviors delay
  vaurienctl set-behavior delay sleep=2
  vaurienctl set-behavior 20:error,10:delay delay.sleep=2
  vaurienctl normal
  vaurienctl list-errors mysql
  vaurienctl set-behavior error code=1213
  vaurienctl get-rules > rules.json
  vaurienctl set-rules rules.json
  vaurienctl --host staging:8080 get-behavior
  vaurienctl --http-port 9090 set-backend localhost:3307
  vaurienctl create db --listen localhost:3307 --upstream localhost:3306 --protocol mysql
  vaurienctl set-behavior hang --proxy 'db*'
  vaurienctl toxic add db -t latency -a latency=1000
  vaurienctl journal --last 20 --since 5m
  vaurienctl explain 3 2
  vaurienctl experiment run experiment.yaml --html report.html
  vaurienctl help set-behavior

environment:
  {URL_VARIABLE:<14} the address of the service (default: http://localhost:8080)
  {TOKEN_VARIABLE:<14} the token of the service, if it has one

exit status: 0 done; 1 refused, or no answer; 2 the command line is wrong
"""

COMMANDS = {
    "list-behaviors": "list the behaviors, or show the options of some",
    "get-behavior": "show the current behavior, in the form that set-behavior accepts",
    "set-behavior": "set the behavior, also for open connections; dummy means no fault",
    "normal": "remove all faults: behavior, rules, toxics, rules of single connections",
    "get-backend": "show the address of the backend",
    "set-backend": "send new connections to another backend",
    "get-rules": "show the current rules, in the form that set-rules accepts",
    "set-rules": "set the rules from a file, also for open connections",
    "list-protocols": "list the wire protocols",
    "list-errors": "list the errors of a wire protocol",
    "journal": "show what was decided and done so far",
    "watch": "show decisions as they are made",
    **observing.COMMANDS,
    "top": "show proxies and connections, updated every second",
    "experiment": "run experiments, check their files, compare their reports",
    **ctl_proxies.COMMANDS,
    "completion": "print a script that completes commands in bash, zsh or fish",
    "help": "show this help, or that of a command",
}

#: Commands for the first proxy, or for those that --proxy and --all choose.
OF_PROXIES = (
    "get-behavior",
    "set-behavior",
    "normal",
    "get-backend",
    "set-backend",
    "get-rules",
    "set-rules",
)
