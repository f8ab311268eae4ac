# -*- test-case-name: tests.pytest_plugin.test_plugin -*-
"""
What tests use: C{vaurien.proxy("db", ...)} and its C{fault(...)}.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from types import TracebackType

from vaurien_twisted.client.blocking import ClientError, Proxy
from vaurien_twisted.client.plan_calls import FaultRecord, ruleOf
from vaurien_twisted.client.strikes import missed
from vaurien_twisted.model.json_types import Answer, JSONObject
from vaurien_twisted.pytest_plugin.server import Server

#: The precision of the journal's times, in seconds.
CLOCK_STEP = 0.001


class FaultMissed(AssertionError):
    """
    A fault never struck.
    """


class Fault:
    """
    A fault that is, or was, in force.

    @ivar proxy: the name of the proxy.
    @ivar may_miss: whether it may never strike.
    """

    def __init__(self, proxied: Proxied, record: FaultRecord, may_miss: bool) -> None:
        self.proxy = proxied.name
        self.may_miss = may_miss
        self._proxied = proxied
        self._record = record
        self._over = False

    def count(self) -> Answer:
        """
        What it has met: C{seen}, C{matched}, C{struck} and so on.
        """
        if not self._over:
            self._proxied.refresh(self._record)
        return self._record.count

    @property
    def rule(self) -> Answer:
        """
        The rule, as JSON.
        """
        return self._record.rule

    @property
    def struck(self) -> int:
        """
        How often it took effect.
        """
        return int(self.count()["struck"])

    @property
    def exchanges(self) -> list[Answer]:
        """
        The journal's entries of the exchanges that it struck in this test, oldest first.
        """
        words = self.count().get("rule")
        return [
            entry
            for entry in self._proxied.entries()
            if entry["kind"] == "decision" and entry.get("rule") == words
        ]

    def lift(self) -> None:
        """
        End it, and remember what it met.
        """
        if not self._over:
            with suppress(ClientError):
                self._proxied.refresh(self._record)
            self._over = True
            with suppress(ClientError):
                self._proxied.remove_rule(self._record.name)

    def missed(self) -> str:
        """
        Why it never struck; C{""} if it did, or need not.
        """
        if self.may_miss or self.struck:
            return ""
        return missed(self.proxy, self.rule, self._record.count)


class Proxied(Proxy):
    """
    A proxy before a backend, in tests.

    @ivar host: the host that applications connect to.
    @ivar port: the port that applications connect to.
    @ivar url: the same, C{http://HOST:PORT}.
    """

    def __init__(self, kit: Kit, proxy: Proxy, name: str) -> None:
        super().__init__(proxy.client, proxy.name)
        self._kit = kit
        self._own = name
        self.place = self.address()
        host, _, port = self.place.rpartition(":")
        self.host, self.port = host.strip("[]"), int(port)
        self.url = f"http://{self.place}"

    def entries(self) -> list[Answer]:
        """
        What the journal has of this proxy since the test began.
        """
        return self.journal(self._kit.since, 10_000)

    def begin(self, behavior: str, *, may_miss: bool = False, **words: object) -> Fault:
        """
        Put a fault in force until the test is over; see L{fault}.
        """
        kit = self._kit
        kit.seeded(self)
        fault = Fault(self, FaultRecord(self.add_rule(ruleOf(behavior, words))), may_miss)
        kit.faults.append(fault)
        return fault

    def fault(self, /, behavior: str, **words: object) -> FaultContext:
        """
        Put a fault in force for the length of a block: C{with db.fault("error", code=1213,
        when={"sql": "^UPDATE"}, times=1) as fault:}.  At its end L{FaultMissed} is raised if it
        never struck.

        @param words: C{may_miss}, whether it may never strike; the fields of a rule (C{when},
            C{percent}, C{after}, C{times}, C{scope}, C{name}, and C{lasting} for C{for}), and
            the behavior's options.
        """
        return FaultContext(self, behavior, words)


class FaultContext(AbstractContextManager["Fault"]):
    """
    Has a fault in force for the length of a block.
    """

    def __init__(self, proxied: Proxied, behavior: str, words: JSONObject) -> None:
        self._proxied = proxied
        self._behavior = behavior
        self._words = words
        self._fault: Fault | None = None

    def __enter__(self) -> Fault:
        # pytest shows where the block is, not how the server was asked.
        __tracebackhide__ = True
        try:
            self._fault = self._proxied.begin(self._behavior, **self._words)
        except ClientError as error:
            raise error.with_traceback(None) from None
        return self._fault

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # pytest shows where the block is, not this.
        __tracebackhide__ = True
        fault = self._fault
        if fault is None:
            return
        fault.lift()
        reason = "" if kind is not None else fault.missed()
        if reason:
            raise FaultMissed(reason)


class Kit:
    """
    The proxies of one pytest process, of which each test finds all as they were.

    @param start: starts the server when it is first needed.
    @param declared: the backend and the fields of each proxy that the configuration declares.
    @param seed: of the whole run.
    @ivar faults: the faults of the test that runs.
    @ivar since: the id of an entry of the journal before it.
    @ivar test: its id.
    @ivar used: whether it, or a test before it, has used a proxy.
    """

    def __init__(
        self,
        start: Callable[[], Server],
        declared: dict[str, tuple[str, dict[str, object]]],
        seed: int,
    ) -> None:
        self._start = start
        self._server: Server | None = None
        self._declared = declared
        self._proxied: dict[str, Proxied] = {}
        self._seeded: set[str] = set()
        self.run = seed
        self.faults: list[Fault] = []
        self.since = 0
        self.test = ""
        self._begun = 0.0

    @property
    def used(self) -> bool:
        """
        Whether the server was started.
        """
        return self._server is not None

    @property
    def server(self) -> Server:
        """
        The server, which is started when it is first needed.
        """
        if self._server is None:
            self._server = self._start()
        return self._server

    @property
    def seed(self) -> int:
        """
        The seed of the test: it follows from that of the run and from the test's id.
        """
        word = f"{self.run} {self.test}".encode()
        return int.from_bytes(hashlib.blake2b(word, digest_size=8).digest(), "big") >> 1

    def proxy(self, name: str, upstream: str | None = None, **fields: object) -> Proxied:
        """
        A proxy by its name; it listens on a free port of this machine, unless C{listen} says
        where.

        @param upstream: the backend, C{HOST:PORT}; not needed if the configuration declares
            the proxy, or it was created before.
        @param fields: C{protocol}, and other fields of a proxy.
        @raise ValueError: its backend is not known, or it was created with another.
        """
        if upstream is None and not fields and name in self._proxied:
            return self._proxied[name]
        if upstream is None:
            if name not in self._declared:
                known = ", ".join(self._declared) or "none"
                raise ValueError(
                    f"there is no backend for the proxy {name!r}: give it, as in "
                    f"vaurien.proxy({name!r}, 'localhost:3306'), or declare the proxy; "
                    f"vaurien_proxies has: {known}"
                )
            upstream, own = self._declared[name]
            fields = {**own, **fields}
        proxy = self.server.proxy(name, upstream, fields)
        if name not in self._proxied:
            self._proxied[name] = Proxied(self, proxy, name)
            # What was set to create it is as it should be.
            self.server.client.changed.discard(proxy.name)
        return self._proxied[name]

    def seeded(self, proxy: Proxied) -> None:
        """
        Begin the test's epoch on a proxy, before its first fault.
        """
        if proxy.name not in self._seeded:
            self._seeded.add(proxy.name)
            proxy.set_rules(proxy.get_rules(), seed=self.seed)

    def begin(self, test: str) -> None:
        """
        A test begins.
        """
        self.test = test
        # Asking for the journal's last entry would cost each test a request.
        self._begun = time.time() - CLOCK_STEP
        self.faults = []
        self._seeded = set()

    def _last(self) -> int:
        state: Answer = self.server.client.state()
        return int(state["journal"]["last"])

    @property
    def _changed(self) -> set[str]:
        return self.server.client.changed

    def entries(self) -> list[Answer]:
        """
        What the journal has of the test, but for what was set.
        """
        if self._server is None:
            return []
        names = self.server.names
        begun = self._begun if self.server.own else 0.0
        return [
            {**entry, "proxy": names[entry["proxy"]]}
            for entry in self.server.client.journal(self.since, 10_000)
            if entry["proxy"] in names and entry["kind"] != "set" and entry["time"] >= begun
        ]

    def end(self) -> None:
        """
        A test is over: all proxies become as they were.
        """
        if self._server is None:
            return
        names, changed = self.server.names, self._changed
        for own in list(changed):
            proxy = self._proxied[names[own]]
            proxy.set_rules([])
            info = proxy.info()
            for toxic in info["toxics"]:
                proxy.remove_toxic(toxic["name"])
            backend = self.server.backend(names[own])
            if not info["enabled"] or info["upstream"] != backend:
                proxy.update(enabled=True, upstream=backend)
            for connection in proxy.connections():
                if connection["waiting"] is not None:
                    proxy.close_connection(connection["id"], reset=True)
        if changed:
            self.since = self._last()
        changed.clear()

    def stop(self) -> None:
        """
        The run is over.
        """
        if self._server is not None:
            self._server.stop()
            self._server = None
