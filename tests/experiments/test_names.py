"""
Tests for L{vaurien_twisted.experiments.names}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.experiments.document import readExperiment
from vaurien_twisted.experiments.names import checkNames
from vaurien_twisted.model.options import Refused

#: Names of all kinds, each on its own line.
WHOLE = """\
proxies:
  db:
    backend: localhost:3306
    listen: localhost:3307
    protocol: mysql
    rules:
      - behavior: delay
        options:
          sleep: 1
  web:
    upstream: localhost:80
    protocol: http
  tcp:
    backend: localhost:1
  running:
hypothesis:
  - quantile: 99%
    below: 1s
    proxy: web
  - recovery: 1s
    after: one
    below: 1s
    proxy: [db, web]
method:
  - name: one
    set:
      proxy: db
      behavior: error
      options:
        code: 1213
        message: x
      when:
        sql: ^UPDATE
  - set:
      proxy: web
      behavior: 20:error,10:delay
      options:
        error:
          code: 503
        delay:
          sleep: 1s
  - set:
      proxy: web
      rules:
        - behavior: error
          percent: 10
          when:
            path: /a
        - draw:
            - behavior: delay
              percent: 50
              options:
                sleep: 2
  - set:
      proxy: tcp
      toxics:
        - type: latency
          stream: upstream
          attributes:
            latency: 100
  - ramp:
      behavior: delay
      option: sleep
      to: 2s
      proxy: db
      when:
        command: COM_QUERY
    for: 1m
  - parallel:
      - wave:
          behavior: error
          option: percent
          high: 50
          period: 10s
          proxy: web
        for: 1m
      - sequence:
          - flap:
              up: 5s
              down: 1s
              behavior: refuse
              proxy: db
            for: 1m
          - schedule:
              every: 5m
              do:
                - set:
                    proxy: running
                    behavior: bandwidth
                    options:
                      rate: 10
                - restart:
                    proxy: db
            for: 1h
"""

#: Misspellings: the line, the wrong name, and the right one.
WRONG = (
    ("    backend: localhost:3306", "bakend: localhost:1", "backend"),
    ("    listen: localhost:3307", "lisen: localhost:1", "listen"),
    ("    protocol: mysql", "protocol: mysq", "mysql"),
    ("    protocol: mysql", "protcol: mysql", "protocol"),
    ("      - behavior: delay", "- behavior: dellay", "delay"),
    ("          sleep: 1\n", "slep: 1", "sleep"),
    ("    upstream: localhost:80", "upstrem: localhost:80", "upstream"),
    ("    proxy: web\n  - recovery", "proxy: wb", "web"),
    ("    proxy: [db, web]", "proxy: [db, wbe]", "web"),
    ("      proxy: db\n      behavior: error", "proxy: dbb", "db"),
    ("      behavior: error\n      options:\n        code: 1213", "behavior: eror", "error"),
    ("        message: x", "mesage: x", "message"),
    ("        sql: ^UPDATE", "sqll: ^UPDATE", "sql"),
    ("      behavior: 20:error,10:delay", "behavior: 20:errr,10:delay", "error"),
    ("          code: 503", "cod: 503", "code"),
    ("          sleep: 1s", "slep: 1s", "sleep"),
    ("        - behavior: error\n          percent: 10", "- behavior: eror", "error"),
    ("          percent: 10\n", "percnt: 10", "percent"),
    ("            path: /a", "pth: /a", "path"),
    ("            - behavior: delay", "- behavior: dely", "delay"),
    ("                sleep: 2\n", "sleeep: 2", "sleep"),
    ("        - type: latency", "- type: latncy", "latency"),
    ("          stream: upstream", "strem: upstream", "stream"),
    ("            latency: 100", "latncy: 100", "latency"),
    ("      behavior: delay\n      option: sleep", "behavior: dely", "delay"),
    ("      option: sleep", "option: slep", "sleep"),
    ("        command: COM_QUERY", "comand: COM_QUERY", "command"),
    ("          option: percent", "option: percnt", "percent"),
    ("              behavior: refuse", "behavior: refus", "refuse"),
    ("                    proxy: running", "proxy: runing", "running"),
    ("                    behavior: bandwidth", "behavior: bandwith", "bandwidth"),
    ("                      rate: 10", "rat: 10", "rate"),
    ("                    proxy: db\n            for: 1h", "proxy: bd", "db"),
)


def check(text: str) -> None:
    """
    Read an experiment, and check its names.
    """
    checkNames(readExperiment(text))


class NamesTests(SynchronousTestCase):
    """
    Names of behaviors, options, protocols and the rest.
    """

    def test_good(self) -> None:
        """
        All of them are known.
        """
        check(WHOLE)
        check(
            "method: [{set: {behavior: delay}}, {ramp: {behavior: error, option: percent, to: 9},"
            " for: 1}]"
        )

    def test_misspelled(self) -> None:
        """
        Each misspelled in turn is refused with its line and the right name.
        """
        for place, wrong, right in WRONG:
            at = WHOLE.index(place)
            first = place.split("\n")[0]
            indent = " " * (len(first) - len(first.lstrip()))
            line = WHOLE[:at].count("\n") + 1
            text = WHOLE[:at] + indent + wrong + WHOLE[at + len(first) :]
            with self.assertRaises(Refused, msg=wrong) as caught:
                check(text)
            said = caught.exception.description
            self.assertIn(f"line {line}:", said, (wrong, said))
            self.assertIn(f"did you mean {right!r}", said, (wrong, said))

    def test_values(self) -> None:
        """
        Values that no proxy accepts.
        """
        for fault, said in (
            ("behavior: delay, options: {sleep: -1}", "minimum"),
            ("behavior: delay, options: {sleep: soon}", "sleep"),
            ("behavior: error, when: {sql: '('}", "sql"),
            ("behavior: '60:error,50:delay'", "100"),
            ("toxics: [{name: x}]", "type"),
            ("rules: [{percent: 5}]", "behavior"),
        ):
            with self.assertRaises(Refused, msg=fault) as caught:
                check(f"method:\n  - hold: 1\n  - set: {{{fault}}}\n")
            self.assertIn("line 3: ", caught.exception.description)
            self.assertIn(said, caught.exception.description)

    def test_ramp(self) -> None:
        """
        Both ends of a ramp must be values that the option can have.
        """
        ramp = "{ramp: {behavior: lifetime, option: age, from: %s, to: %s}, for: 1s}"
        for values in ((1, 10**12), (10**12, 1)):
            with self.assertRaises(Refused):
                check(f"method: [{ramp % values}]")

    def test_proxies(self) -> None:
        """
        A proxy without a backend, and one with a rule for another protocol.
        """
        for proxy, said in (
            ("{listen: 'localhost:1'}", "line 1: proxies.db: 'backend' is missing"),
            (
                "{backend: 'a:1', protocol: mysql, rules: [{behavior: error, when: {path: /}}]}",
                "line 1",
            ),
        ):
            with self.assertRaises(Refused) as caught:
                check(f"proxies: {{db: {proxy}}}\nmethod: [{{hold: 1}}]")
            self.assertIn(said, caught.exception.description)
