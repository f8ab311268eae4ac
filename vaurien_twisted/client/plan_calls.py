# -*- test-case-name: tests.client.test_calls -*-
"""
What both clients can ask about what is in force on a proxy, as coroutines.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import quote

from vaurien_twisted.client.common import (
    ClientError,
    Unreachable,
    leftover,
    member,
    planRequest,
)
from vaurien_twisted.model.json_types import Answer

T = TypeVar("T")
S = TypeVar("S", bound="PlanCalls")

#: The fields of a rule that may stand beside a behavior's options.
FIELDS = ("when", "percent", "after", "times", "scope", "name", "lease")


class FaultRecord:
    """
    A rule that was put in force, and what it had met when somebody last asked.

    @ivar rule: the rule, as the service tells it.
    @ivar name: its name.
    @ivar count: see L{PlanCalls.counts}.
    """

    def __init__(self, rule: Mapping[str, object]) -> None:
        self.rule = dict(rule)
        self.name = str(rule["name"])
        self.count: Answer = {"seen": 0, "matched": 0, "struck": 0}

    @property
    def struck(self) -> int:
        """
        How often it took effect.
        """
        return int(self.count["struck"])


def ruleOf(behavior: str, words: Mapping[str, object]) -> Answer:
    """
    The JSON of a rule.

    @param words: its fields, C{lasting} for C{for}, and the behavior's options.
    """
    rule: Answer = {"behavior": behavior}
    options = dict(words)
    for field in FIELDS:
        if field in options:
            rule[field] = options.pop(field)
    if "lasting" in options:
        rule["for"] = options.pop("lasting")
    rule["options"] = options
    return rule


class PlanCalls:
    """
    What can be asked of one proxy: its behavior, its rules and its backend.

    @ivar url: where the service is.
    @cvar prefix: the beginning of its paths, C{""} for the service's first proxy.
    """

    url: str
    prefix: str = ""

    async def answered(self, method: str, path: str, body: object = None) -> Answer:
        """
        The answer to a request.
        """
        raise NotImplementedError("a subclass sends the request")

    async def _get(self, path: str, name: str, kind: type[T]) -> T:
        return member(self.url, await self.answered("GET", path), name, kind)

    async def set_behavior(self, /, name: str, **options: object) -> None:
        """
        Put a behavior in force, for open connections too: C{set_behavior("delay",
        sleep=2)}.  C{name} may be percentages such as C{20:error,10:delay}; the options
        are then given by behavior: C{delay={"sleep": 2}}.  Those not given are as
        configured, whatever was set before.

        @raise ClientError: it was not done.
        """
        await self.answered("PUT", f"{self.prefix}/behavior", {"name": name, **options})

    async def get_behavior(self) -> str:
        """
        The name of the behavior in force, or percentages: C{20:error,10:delay}.

        @raise ClientError: there is no answer.
        """
        return str(await self._get(f"{self.prefix}/behavior", "behavior", str))

    async def get_options(self) -> Answer:
        """
        The options in force, by name; of percentages, by behavior first.

        @raise ClientError: there is no answer.
        """
        return dict(await self._get(f"{self.prefix}/behavior", "options", dict))

    async def get_backend(self) -> str:
        """
        The backend as it was written, C{HOST:PORT} or an endpoint string.

        @raise ClientError: there is no answer.
        """
        return str(await self._get(f"{self.prefix}/backend", "backend", str))

    async def set_backend(self, backend: str) -> None:
        """
        Send new connections to another backend.

        @raise ClientError: it was not done.
        """
        await self.answered("PUT", f"{self.prefix}/backend", {"backend": backend})

    async def get_rules(self) -> list[Answer]:
        """
        All that is in force, as L{set_rules} takes it.

        @raise ClientError: there is no answer.
        """
        return list(await self._get(f"{self.prefix}/rules", "rules", list))

    async def set_rules(
        self, rules: Sequence[Mapping[str, object]], seed: int | None = None
    ) -> None:
        """
        Put these rules in force in place of all, for open connections too:
        C{set_rules([{"behavior": "error", "percent": 10, "when": {"command": "GET"}}])}.
        Their counts and times begin anew.

        @param seed: begins an epoch: connections and exchanges are numbered anew, so that the
            decisions do not depend on what was before.
        @raise ClientError: it was not done; nothing has changed.
        """
        body: dict[str, object] = {"rules": list(rules)}
        if seed is not None:
            body["seed"] = seed
        await self.answered("PUT", f"{self.prefix}/rules", body)

    async def add_rule(self, rule: Mapping[str, object]) -> Answer:
        """
        Put one rule in force beside all others, which go on counting.

        @return: the rule; it has a name now.
        @raise ClientError: it was not done; nothing has changed.
        """
        return await self.answered("POST", f"{self.prefix}/rules", rule)

    async def remove_rule(self, name: str) -> None:
        """
        Take out a rule by its name; all others go on counting.

        @raise ClientError: there is none.
        """
        await self.answered("DELETE", f"{self.prefix}/rules/{quote(name, safe='')}")

    async def counts(self) -> list[Answer]:
        """
        What each rule and toxic in force has met, in order: C{name}, C{rule}, C{seen},
        C{matched}, C{struck}, C{left} of its times, and of one that never took effect the
        C{nearest} miss and the C{reason}.

        @raise ClientError: there is no answer.
        """
        return list(await self._get(f"{self.prefix}/rules", "counts", list))

    @asynccontextmanager
    async def fault(self, /, behavior: str, **words: object) -> AsyncIterator[FaultRecord]:
        """
        Put one rule in force for the length of a block, beside all others:
        C{fault("error", code=1213, when={"sql": "^UPDATE"}, times=1)}.

        @param words: the fields of a rule (C{when}, C{percent}, C{after}, C{times}, C{scope},
            C{name}, C{lease}, and C{lasting} for C{for}), and the behavior's options.
        @raise ClientError: it was not done; nothing has changed.
        """
        record = FaultRecord(await self.add_rule(ruleOf(behavior, words)))
        try:
            yield record
        finally:
            try:
                await self.refresh(record)
            finally:
                await self.remove_rule(record.name)

    async def refresh(self, fault: FaultRecord) -> None:
        """
        Ask what a fault has met by now.

        @raise ClientError: it is not in force any more.
        """
        for count in await self.counts():
            if count.get("name") == fault.name:
                fault.count = count

    async def _before(self) -> Answer:
        try:
            answer = await self.answered("GET", f"{self.prefix}/rules")
        except Unreachable:
            raise
        except ClientError:
            # A Vaurien of 2013 knows no rules.
            answer = {}
        if "rules" in answer:
            return answer
        return await self.answered("GET", f"{self.prefix}/behavior")

    @asynccontextmanager
    async def with_behavior(self: S, name: str, **options: object) -> AsyncIterator[S]:
        """
        Put a behavior in force for the length of a block; then what was in force
        before it, all rules with their options, is again, also after an exception.  The
        counts and times of those rules begin anew.

        @raise ClientError: it was not done, or could not be undone.  An exception out
            of the block is not replaced by that: it gets a note.
        """
        path, body = planRequest(await self._before())
        await self.set_behavior(name, **options)
        try:
            yield self
        except BaseException as raised:
            try:
                await self.answered("PUT", self.prefix + path, body)
            except ClientError as error:
                raised.add_note(leftover(name, error))
            raise
        await self.answered("PUT", self.prefix + path, body)
