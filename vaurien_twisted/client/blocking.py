# -*- test-case-name: tests.client.test_blocking -*-
"""
Clients of the control service, for programs and test suites::

    client = Client()
    with client.with_behavior("delay", sleep=2):
        ...

L{Client} blocks, and needs the standard library alone; L{AsyncClient} is the same
on treq, for programs on Twisted.  Both raise L{ClientError}.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from vaurien_twisted.client.aio import AsyncClient
from vaurien_twisted.client.common import (
    ClientError,
    RequestRefused,
    Unreachable,
    again,
    cause,
    journalPath,
    leftover,
    member,
    serviceURL,
    understand,
    withToken,
)

__all__ = ["AsyncClient", "Client", "ClientError", "RequestRefused", "Unreachable"]

#: The longest answer that is read, in bytes.
ANSWER_LIMIT = 16 * 2**20

#: For how many seconds an answer that goes on may say nothing.
QUIET = 40.0


class Client:
    """
    Asks the service, and waits for its answer.  Keeps nothing between calls, so that
    threads may share it.  Proxies named in the environment are not used.

    @param host: its name or IP address, by default C{localhost}.
    @param port: by default 8080.
    @param scheme: C{http}, the default, or C{https}.
    @param url: in place of the three; where none of the four is given, C{VAURIEN_URL}.
    @param timeout: how long to wait for the connection, and for each part of the
        answer, in seconds.
    @param token: what the service wants to be shown; by default C{VAURIEN_TOKEN}.
    @ivar url: where the service is.
    @raise ClientError: the URL is not one that can be asked, or the token cannot be sent.
    """

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        scheme: str | None = None,
        url: str | None = None,
        timeout: float = 5.0,
        token: str | None = None,
    ) -> None:
        self.url = serviceURL(host, port, scheme, url)
        self.timeout = timeout
        self._headers = withToken(token)

    def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """
        Ask for any path, such as C{/behaviors?verbose=1}.

        @param body: sent as JSON, unless it is C{None}.
        @return: the answer's JSON object.
        @raise Unreachable: there was no answer in time.
        @raise RequestRefused: the service did not do it.
        @raise ClientError: what answers there is not Vaurien.
        """
        parts = urlsplit(self.url)
        data = None if body is None else json.dumps(body)
        try:
            connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
            try:
                connection.request(method, parts.path + path, data, self._headers)
                response = connection.getresponse()
                answer = response.read(ANSWER_LIMIT)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise Unreachable(self.url, cause(error)) from error
        return understand(self.url, response.status, answer)

    def stream(self, path: str, last: int | None = None) -> Iterator[str]:
        """
        Ask for an answer that goes on, such as C{/events}.

        @param last: the id of the last event that is known, to resume after it.
        @return: its lines as they come, without their ends; they end when the service ends
            the answer.
        @raise Unreachable: there was no answer in time, or for a while nothing of it.
        @raise RequestRefused: the service did not do it.
        """
        parts = urlsplit(self.url)
        headers = {**self._headers, "Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            # There is a sign of life every 15 seconds.
            connection.timeout = max(self.timeout, QUIET)
            connection.request("GET", parts.path + path, headers=headers)
            response = connection.getresponse()
            if response.status != 200:
                understand(self.url, response.status, response.read(ANSWER_LIMIT))
            for line in response:
                yield line.decode("utf-8", "replace").rstrip("\r\n")
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise Unreachable(self.url, cause(error)) from error
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=self.timeout)
        return http.client.HTTPConnection(host, port, timeout=self.timeout)

    def _get(self, path: str, name: str, kind: type) -> Any:
        return member(self.url, self.request("GET", path), name, kind)

    def set_behavior(self, name: str, **options: object) -> None:
        """
        Put a behavior in force, for open connections too: C{set_behavior("delay",
        sleep=2)}.  C{name} may be percentages such as C{20:error,10:delay}; the options
        are then given by behavior: C{delay={"sleep": 2}}.  Those not given are as
        configured, whatever was set before.

        @raise ClientError: it was not done.
        """
        self.request("PUT", "/behavior", {"name": name, **options})

    def get_behavior(self) -> str:
        """
        The name of the behavior in force, or percentages: C{20:error,10:delay}.

        @raise ClientError: there is no answer.
        """
        return str(self._get("/behavior", "behavior", str))

    def get_options(self) -> dict[str, Any]:
        """
        The options in force, by name; of percentages, by behavior first.

        @raise ClientError: there is no answer.
        """
        return dict(self._get("/behavior", "options", dict))

    def list_behaviors(self) -> list[str]:
        """
        The names that L{set_behavior} takes, sorted.

        @raise ClientError: there is no answer.
        """
        return list(self._get("/behaviors", "behaviors", list))

    def get_backend(self) -> str:
        """
        The backend as it was written, C{HOST:PORT} or an endpoint string.

        @raise ClientError: there is no answer.
        """
        return str(self._get("/backend", "backend", str))

    def set_backend(self, backend: str) -> None:
        """
        Send new connections to another backend.

        @raise ClientError: it was not done.
        """
        self.request("PUT", "/backend", {"backend": backend})

    def get_rules(self) -> list[dict[str, Any]]:
        """
        All that is in force, as L{set_rules} takes it.

        @raise ClientError: there is no answer.
        """
        return list(self._get("/rules", "rules", list))

    def set_rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """
        Put these rules in force in place of all, for open connections too:
        C{set_rules([{"behavior": "error", "percent": 10, "when": {"command": "GET"}}])}.
        Their counts and times begin anew.

        @raise ClientError: it was not done; nothing has changed.
        """
        self.request("PUT", "/rules", {"rules": list(rules)})

    def list_protocols(self) -> list[str]:
        """
        The names of the wire protocols, sorted.

        @raise ClientError: there is no answer.
        """
        return sorted(self._get("/protocols", "protocols", dict))

    def journal(self, since: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """
        What was decided and done, oldest first.

        @param since: the id of the last entry that is known already.
        @param limit: how many at most, 1 to 10000.
        @raise ClientError: there is no answer.
        """
        return list(self._get(journalPath(since, limit), "journal", list))

    def _before(self) -> dict[str, Any]:
        """
        What is in force.
        """
        try:
            answer = self.request("GET", "/rules")
        except Unreachable:
            raise
        except ClientError:
            # A Vaurien of 2013 knows no rules.
            answer = {}
        return answer if "rules" in answer else self.request("GET", "/behavior")

    @contextmanager
    def with_behavior(self, name: str, **options: object) -> Iterator[Client]:
        """
        Put a behavior in force for the length of a block; then what was in force
        before it, all rules with their options, is again, also after an exception.  The
        counts and times of those rules begin anew.

        @raise ClientError: it was not done, or could not be undone.  An exception out
            of the block is not replaced by that: it gets a note.
        """
        before = self._before()
        self.set_behavior(name, **options)
        try:
            yield self
        except BaseException as raised:
            try:
                self.request("PUT", *again(before))
            except ClientError as error:
                raised.add_note(leftover(name, error))
            raise
        self.request("PUT", *again(before))
