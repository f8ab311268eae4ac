"""
Tests for L{vaurien_twisted.experiments.document}, its steps and conditions.
"""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.experiments.document import Experiment, readExperiment, schema
from vaurien_twisted.experiments.steps import Hold, Parallel, Ramp, named
from vaurien_twisted.model.options import Refused

#: Every field, each on its own line.
WHOLE = """\
title: all of it
description: every field
seed: 3
proxies:
  db:
    backend: localhost:3306
load:
  command: wrk
  stop: int
  grace: 2s
  status: [0, 1]
hypothesis:
  - quantile: 99%
    below: 1s
    least: 5
    name: fast
    proxy: db
    during: one
  - rate: 10
  - errors: 1%
    command: GET
    code: [5xx, closed]
    least: 10
    name: few fail
    proxy: db
    during: one
  - error_rate: 0.5
    command: [GET, POST]
    code: 404
  - connections: 100
  - recovery: 10s
    after: one
    below: 200ms
    share: 0.9
  - probe:
      url: http://localhost/
      method: HEAD
      headers:
        Accept: text/html
      body: x
      status: [200, 204]
      contains: ok
      timeout: 2
    before: false
    after: false
  - promql: up
    server: http://localhost:9090
    above: 0
    below: 2
  - command: [test, -f, x]
    status: 0
    timeout: 3s
method:
  - name: one
    hold: 1s
  - set:
      proxy: [db]
      behavior: error
      options:
        code: 1213
      when:
        sql: ^UPDATE
      percent: 10
      times: 3
      share: 50%
    for: 5s
  - ramp:
      behavior: delay
      option: sleep
      from: 0
      to: 2s
      curve: exponential
      steps: 4
      proxy: db
    for: 1m
  - wave:
      behavior: delay
      option: sleep
      low: 0
      high: 1
      period: 10s
      shape: saw
    for: 1m
  - flap:
      up: 5s
      down: 1s
      behavior: refuse
      jitter: 500ms
    for: 1m
  - restart:
      down: 5s
      slow: 10s
      delay: 2s
  - schedule:
      every: 5m
      jitter: 3s
      do:
        - hold: 1s
    for: 1h
  - wait:
      until:
        probe: http://localhost/
      timeout: 30s
  - run:
      command: "true"
      status: 0
      timeout: 5s
  - call: http://localhost/
  - parallel:
      - hold: 2s
      - sequence:
          - hold: 1s
policy:
  halt: 10s
  unreachable: continue
  lease: 5s
  every: 500ms
"""

#: Objects whose names are the user's.
FREE = {"db", "backend", "Accept", "code", "sql"}


class ReadTests(SynchronousTestCase):
    """
    A file is read whole, or refused with the line and the nearest name.
    """

    def test_whole(self) -> None:
        """
        Every field.
        """
        found = readExperiment(WHOLE)
        self.assertEqual(found.seed, 3)
        self.assertEqual(found.hypothesis[0].below, 1.0)
        self.assertEqual(found.hypothesis[0].proxy, ("db",))
        ramp = found.method[2]
        assert isinstance(ramp, Ramp)
        self.assertEqual((ramp.ramp.to, ramp.for_), (2.0, 60.0))
        self.assertIsInstance(found.method[-1], Parallel)
        names = [name for name, _ in named(found.method)]
        self.assertEqual((names[:2], names[-1]), (["one", "set 2"], "hold 12"))

    def test_JSON(self) -> None:
        """
        JSON does as well, with tabs.
        """
        text = json.dumps({"method": [{"hold": 1}]}, indent="\t")
        self.assertEqual(readExperiment(text).method, (Hold(hold=1.0),))

    def test_misspelled(self) -> None:
        """
        Each name misspelled in turn is refused, with its line and the right name.
        """
        lines = WHOLE.splitlines()
        tried = 0
        for number, line in enumerate(lines, 1):
            name, colon, rest = line.lstrip(" -").partition(":")
            if not colon or name in FREE:
                continue
            wrong = name[:-1] + "x" + name[-1] if len(name) > 2 else name + "x"
            at = len(line) - len(line.lstrip(" -"))
            changed = [*lines]
            changed[number - 1] = line[:at] + wrong + colon + rest
            with self.assertRaises(Refused) as caught:
                readExperiment("\n".join(changed))
            said = caught.exception.description
            self.assertIn(f"line {number}:", said, (line, said))
            self.assertIn(f"did you mean {name!r}?", said, (line, said))
            tried += 1
        self.assertGreater(tried, 80)

    def test_refused(self) -> None:
        """
        Values that cannot be.
        """
        hold = "method: [{hold: 1s}]"
        for text, part in (
            ("", "is empty"),
            ("- 1", "must be an object"),
            ("title: x", "'method' is missing"),
            ("method: []", "1 or more"),
            (f"load: {{command: 5}}\n{hold}", "a command"),
            (f"load: {{command: {{a: 1}}}}\n{hold}", "a command"),
            (f"load: []\n{hold}", "a command"),
            (f"load: [{{}}]\n{hold}", "a command"),
            (f"proxies: {{db: 5}}\n{hold}", "an object"),
            (f"proxies: {{db: [1]}}\n{hold}", "an object"),
            ("method: [{set: {rules: [1]}}]", "an object"),
            ("method: [{hold: soon}]", "a duration"),
            ("method: [hold]", "must be an object"),
            ("method: [{hold: 1, run: x}]", "both"),
            ("method: [{set: {behavior: x, enabled: false}}]", "one of behavior"),
            ("method: [{set: {options: {}}}]", "not nothing"),
            ("method: [{hold: 1, name: a}, {hold: 2, name: a}]", "two phases"),
            ("method: [{schedule: {do: [{hold: 1}]}, for: 1}]", "every and cron"),
            ("method: [{schedule: {cron: x, do: [{hold: 1}]}, for: 1}]", "not a cron expression"),
            (f"hypothesis: [{{quantile: 2, below: 1}}]\n{hold}", "a share"),
            (f"hypothesis: [{{quantile: 200%, below: 1}}]\n{hold}", "a share"),
            (f"hypothesis: [{{rate: 1, during: x}}]\n{hold}", "no phase 'x'"),
            (f"seed: -1\n{hold}", "from 0"),
            (f"hypothesis: [{{errrs: 1%}}]\n{hold}", "no 'errrs'"),
            ("method: [{wait: {until: {recovery: 1, after: a, below: 1}}}]", "no 'recovery'"),
            (f"policy: {{lease: 1s}}\n{hold}", "at least twice"),
            (f"seed: 1\nseed: 2\n{hold}", "line 2"),
            ("a: &x [1]\nb: *y", "undefined alias"),
            ("a: !!python/object:os.system x", "not a plain value"),
            ("a: {[1]: 2}", "must be text"),
            ("[" * 5000, "nested"),
            ("a: b: c", "line 1"),
        ):
            with self.assertRaises(Refused) as caught:
                readExperiment(text)
            self.assertIn(part, caught.exception.description, text[:50])
            self.assertNotIn("\n", caught.exception.description)

    def test_bounded(self) -> None:
        """
        Anchors of anchors do not grow without bound.
        """
        text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{after}: &{after} [{','.join([f'*{name}'] * 10)}]\n"
            for name, after in zip("abcdefgh", "bcdefghi", strict=True)
        )
        with self.assertRaises(Refused) as caught:
            readExperiment(text)
        self.assertIn("the maximum", caught.exception.description)


class SchemaTests(SynchronousTestCase):
    """
    The JSON Schema agrees with the parser.
    """

    def test_agrees(self) -> None:
        """
        It accepts valid files, and refuses other names.
        """
        import jsonschema
        import yaml

        document = schema()
        jsonschema.Draft202012Validator.check_schema(document)
        validator = jsonschema.Draft202012Validator(document)
        whole = yaml.safe_load(WHOLE)
        self.assertEqual([each.message for each in validator.iter_errors(whole)], [])
        whole["titel"] = 1
        self.assertFalse(validator.is_valid(whole))

    def test_complete(self) -> None:
        """
        Each field has a description.
        """
        definitions = schema()["$defs"]
        assert isinstance(definitions, dict)
        self.assertIn(Experiment.__name__, definitions)
        for name, definition in definitions.items():
            self.assertTrue(definition["description"], name)
            for field, each in definition["properties"].items():
                self.assertTrue(each["description"], (name, field))
