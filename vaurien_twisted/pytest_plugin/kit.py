# -*- test-case-name: tests.pytest_plugin.test_plugin -*-
"""
The objects that tests use: C{vaurien.proxy("db", ...)} and its C{fault(...)}.
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
    @ivar may_miss: whether the test passes if it never strikes.
    """

    def __init__(self, proxied: Proxied, record: FaultRecord, may_miss: bool) -> None:
        self.proxy = proxied.name
        self.may_miss = may_miss
        self._proxied = proxied
        self._record = record
        self._over = False

    def count(self) -> Answer:
        """
        Its counts: C{seen}, C{matched}, C{struck} and so on.
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
        The number of exchanges that it affected.
        """
        return int(self.count()["struck"])

    @property
    def exchanges(self) -> list[Answer]:
        """
        The journal's entries about the exchanges that it struck in this test, oldest first.
        """
        words = self.count().get("rule")
        return [
            entry
            for entry in self._proxied.entries()
            if entry["kind"] == "decision" and entry.get("rule") == words
        ]

    def lift(self) -> None:
        """
        Remove it, and keep its counts.
        """
        if not self._over:
            with suppress(ClientError):
                self._proxied.refresh(self._record)
            self._over = True
            with suppress(ClientError):
                self._proxied.remove_rule(self._record.name)

    def missed(self) -> str:
        """
        The reason why it never struck; C{""} if it did, or need not strike.
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
        The journal's entries about this proxy since the test began.
        """
        return self.journal(self._kit.since, 10_000)

    def begin(self, behavior: str, *, may_miss: bool = False, **words: object) -> Fault:
        """
        Put a fault in force until the test ends; see L{fault}.
        """
        kit = self._kit
        kit.seeded(self)
        fault = Fault(self, FaultRecord(self.add_rule(ruleOf(behavior, words))), may_miss)
        kit.faults.append(fault)
        return fault

    def fault(self, /, behavior: str, **words: object) -> FaultContext:
        """
        Put a fault in force during a block: C{with db.fault("error", code=1213, when={"sql":
        "^UPDATE"}, times=1) as fault:}.  At its end L{FaultMissed} is raised if it never struck.

        @param words: C{may_miss}, whether the fault need not strike; the fields of a rule (C{when},
            C{percent}, C{after}, C{times}, C{scope}, C{name}, and C{lasting} for C{for}), and the
            behavior's options.
        """
        return FaultContext(self, behavior, words)


class FaultContext(AbstractContextManager["Fault"]):
    """
    A context manager during which a fault is in force.
    """

    def __init__(self, proxied: Proxied, behavior: str, words: JSONObject) -> None:
        self._proxied = proxied
        self._behavior = behavior
        self._words = words
        self._fault: Fault | None = None

    def __enter__(self) -> Fault:
        # The traceback ends at the block, without the frames of the client.
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
        # The traceback ends at the block, without this frame.
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
    The proxies of one pytest process.  They are reset after each test.

    @param start: starts the server when it is first needed.
    @param declared: the backend and the fields of each proxy that the configuration declares.
    @param seed: the seed of the whole run.
    @ivar faults: the faults of the current test.
    @ivar since: the id of a journal entry before the current test.
    @ivar test: the id of the current test.
    @ivar used: whether this or an earlier test has used a proxy.
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
        The server; the first call starts it.
        """
        if self._server is None:
            self._server = self._start()
        return self._server

    @property
    def seed(self) -> int:
        """
        The seed of the test, computed from the seed of the run and the test's id.
        """
        word = f"{self.run} {self.test}".encode()
        return int.from_bytes(hashlib.blake2b(word, digest_size=8).digest(), "big") >> 1

    def proxy(self, name: str, upstream: str | None = None, **fields: object) -> Proxied:
        """
        A proxy by its name.  It listens on a free port of this machine unless C{listen} is given.

        @param upstream: the backend, C{HOST:PORT}; not needed if the configuration declares
            the proxy, or it was created before.
        @param fields: C{protocol}, and other fields of a proxy.
        @raise ValueError: no backend is given or declared, or the proxy has another one.
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
            # Creating it is not a change to undo.
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
        Begin a test.
        """
        self.test = test
        # A request for the journal's last entry would slow down each test.
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
        The journal's entries of the test, without those about settings.
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
        End a test: reset all proxies.
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
        End the run.
        """
        if self._server is not None:
            self._server.stop()
            self._server = None
