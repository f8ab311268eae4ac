# -*- test-case-name: tests.client.test_calls -*-
"""
What both clients can ask about what is in force on a proxy, as coroutines.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from vaurien_twisted.client.common import (
    ClientError,
    Unreachable,
    again,
    leftover,
    member,
)

S = TypeVar("S", bound="PlanCalls")


class PlanCalls:
    """
    What can be asked of one proxy: its behavior, its rules and its backend.

    @ivar url: where the service is.
    @cvar prefix: the beginning of its paths, C{""} for the service's first proxy.
    """

    url: str
    prefix: str = ""

    async def answered(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """
        The answer to a request.
        """
        raise NotImplementedError

    async def _get(self, path: str, name: str, kind: type) -> Any:
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

    async def get_options(self) -> dict[str, Any]:
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

    async def get_rules(self) -> list[dict[str, Any]]:
        """
        All that is in force, as L{set_rules} takes it.

        @raise ClientError: there is no answer.
        """
        return list(await self._get(f"{self.prefix}/rules", "rules", list))

    async def set_rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """
        Put these rules in force in place of all, for open connections too:
        C{set_rules([{"behavior": "error", "percent": 10, "when": {"command": "GET"}}])}.
        Their counts and times begin anew.

        @raise ClientError: it was not done; nothing has changed.
        """
        await self.answered("PUT", f"{self.prefix}/rules", {"rules": list(rules)})

    async def _before(self) -> dict[str, Any]:
        """
        What is in force.
        """
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
        path, body = again(await self._before())
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
