# -*- test-case-name: tests.client.test_calls -*-
"""
The methods of both clients for the behavior, the rules and the backend of a proxy, as coroutines.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
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

#: The fields of a rule that may be given together with a behavior's options.
FIELDS = ("when", "percent", "after", "times", "scope", "name", "lease")


class FaultRecord:
    """
    A rule that was put in force, and its latest counts.

    @ivar rule: the rule in the service's JSON.
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
        The number of exchanges that it affected.
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


class PlanCalls(ABC):
    """
    The methods for one proxy: its behavior, its rules and its backend.

    @ivar url: the URL of the service.
    @cvar prefix: the beginning of its paths, C{""} for the service's first proxy.
    """

    url: str
    prefix: str = ""

    @abstractmethod
    async def answered(self, method: str, path: str, body: object = None) -> Answer:
        """
        The answer to a request.
        """

    async def _get(self, path: str, name: str, kind: type[T]) -> T:
        return member(self.url, await self.answered("GET", path), name, kind)

    async def set_behavior(self, /, name: str, **options: object) -> None:
        """
        Put a behavior in force, for open connections too: C{set_behavior("delay", sleep=2)}.
        C{name} may be percentages such as C{20:error,10:delay}; the options are then given by
        behavior: C{delay={"sleep": 2}}.  Options that are not given have their configured values,
        whatever was set before.

        @raise ClientError: the service refused.
        """
        await self.answered("PUT", f"{self.prefix}/behavior", {"name": name, **options})

    async def get_behavior(self) -> str:
        """
        The name of the behavior in force, or percentages: C{20:error,10:delay}.

        @raise ClientError: the service did not answer.
        """
        return str(await self._get(f"{self.prefix}/behavior", "behavior", str))

    async def get_options(self) -> Answer:
        """
        The options in force, by name; of percentages, by behavior first.

        @raise ClientError: the service did not answer.
        """
        return dict(await self._get(f"{self.prefix}/behavior", "options", dict))

    async def get_backend(self) -> str:
        """
        The backend as the user wrote it, C{HOST:PORT} or an endpoint string.

        @raise ClientError: the service did not answer.
        """
        return str(await self._get(f"{self.prefix}/backend", "backend", str))

    async def set_backend(self, backend: str) -> None:
        """
        Send new connections to another backend.

        @raise ClientError: the service refused.
        """
        await self.answered("PUT", f"{self.prefix}/backend", {"backend": backend})

    async def get_rules(self) -> list[Answer]:
        """
        All rules in force, in the form that L{set_rules} accepts.

        @raise ClientError: the service did not answer.
        """
        return list(await self._get(f"{self.prefix}/rules", "rules", list))

    async def set_rules(
        self, rules: Sequence[Mapping[str, object]], seed: int | None = None
    ) -> None:
        """
        Replace all rules, for open connections too: C{set_rules([{"behavior": "error", "percent":
        10, "when": {"command": "GET"}}])}.  All counts and times restart.

        @param seed: begins an epoch: connections and exchanges are numbered from 1 again, so that
            the decisions do not depend on earlier ones.
        @raise ClientError: it was not done; nothing has changed.
        """
        body: dict[str, object] = {"rules": list(rules)}
        if seed is not None:
            body["seed"] = seed
        await self.answered("PUT", f"{self.prefix}/rules", body)

    async def add_rule(self, rule: Mapping[str, object]) -> Answer:
        """
        Add one rule.  All others keep their counts.

        @return: the rule, with its name.
        @raise ClientError: it was not done; nothing has changed.
        """
        return await self.answered("POST", f"{self.prefix}/rules", rule)

    async def remove_rule(self, name: str) -> None:
        """
        Remove a rule by its name.  All others keep their counts.

        @raise ClientError: there is no such rule.
        """
        await self.answered("DELETE", f"{self.prefix}/rules/{quote(name, safe='')}")

    async def counts(self) -> list[Answer]:
        """
        The counts of each rule and toxic in force, in order: C{name}, C{rule}, C{seen}, C{matched},
        C{struck}, C{left} (of C{times}); and for one that never took effect the C{nearest} exchange
        and the C{reason}.

        @raise ClientError: the service did not answer.
        """
        return list(await self._get(f"{self.prefix}/rules", "counts", list))

    @asynccontextmanager
    async def fault(self, /, behavior: str, **words: object) -> AsyncIterator[FaultRecord]:
        """
        Put one rule in force during a block, in addition to all others: C{fault("error", code=1213,
        when={"sql": "^UPDATE"}, times=1)}.

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
        Read the current counts of a fault.

        @raise ClientError: the fault is no longer in force.
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
            # Vaurien 1 has no rules.
            answer = {}
        if "rules" in answer:
            return answer
        return await self.answered("GET", f"{self.prefix}/behavior")

    @asynccontextmanager
    async def with_behavior(self: S, name: str, **options: object) -> AsyncIterator[S]:
        """
        Put a behavior in force during a block.  At its end, also after an exception, the earlier
        rules are in force again; their counts and times restart.

        @raise ClientError: the service refused, or the earlier rules could not be restored.  If the
            block itself raised an exception, that exception gets a note instead.
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
