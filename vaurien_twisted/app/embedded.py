# -*- test-case-name: tests.test_testing -*-
"""
One proxy in another program, without the control service.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from twisted.internet.defer import Deferred

from vaurien_twisted.app.config import configure
from vaurien_twisted.app.config_file import Given
from vaurien_twisted.client.plan_calls import ruleOf
from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.model.decision import Rule
from vaurien_twisted.model.json_types import Answer
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.clocks import wallTime
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.build import planToJSON
from vaurien_twisted.rules.codec import ruleFromJSON, ruleToJSON
from vaurien_twisted.rules.counts import countsToJSON
from vaurien_twisted.rules.registry import loadRegistry


class EmbeddedFault:
    """
    A fault that is, or was, in force on a proxy in this process.

    @ivar proxy: the name of the proxy.
    @ivar rule: the rule, as JSON.
    """

    def __init__(self, proxy: Proxy, rule: Rule, journal: Journal) -> None:
        self.proxy = str(proxy.name)
        self.rule = ruleToJSON(rule)
        self._faults = proxy.faults
        self._decider = proxy.decider
        self._name = rule.name
        self._journal = journal
        self._since = journal.last
        self._count: Answer | None = None

    def count(self) -> Answer:
        """
        Its counts: C{seen}, C{matched}, C{struck} and so on; see L{countsToJSON}.
        """
        if self._count is not None:
            return self._count
        found = [each for each in countsToJSON(self._decider) if each["name"] == self._name]
        return found[0] if found else {"seen": 0, "matched": 0, "struck": 0}

    @property
    def struck(self) -> int:
        """
        The number of exchanges that it affected.
        """
        return int(self.count()["struck"])

    @property
    def exchanges(self) -> list[dict[str, object]]:
        """
        The journal's entries of the exchanges that it struck, oldest first.
        """
        words = self.count().get("rule")
        entries = self._journal.since(self._since)
        return [each for each in entries if each["kind"] == "decision" and each["rule"] == words]

    def lift(self) -> None:
        """
        Remove it, and keep its counts.
        """
        if self._count is None:
            self._count = self.count()
            with suppress(Refused):
                self._faults.remove(self._name)


class RunningProxy:
    """
    A proxy that listens.

    @ivar proxy: the service itself.
    @ivar journal: the journal of decisions and settings.
    """

    def __init__(self, proxy: Proxy, journal: Journal) -> None:
        self.proxy = proxy
        self.journal = journal

    @property
    def address(self) -> str:
        """
        The address that it listens on, C{HOST:PORT}.
        """
        return self.proxy.address

    @property
    def host(self) -> str:
        """
        The host that it listens on.
        """
        return self.address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """
        The port that it listens on.
        """
        return int(self.address.rpartition(":")[2])

    @property
    def behavior(self) -> str:
        """
        The behavior in force.
        """
        return str(planToJSON(self.proxy.plan)["behavior"])

    def setBehavior(self, name: str, **options: object) -> None:
        """
        Put a behavior in force at once, or several with their percentages, such as
        C{20:error,10:delay}; the options are then given by behavior.

        @raise Refused: a name or an option is not acceptable; nothing has changed.
        """
        self.proxy.faults.setPlan(self.proxy.ruleBuilder.one(name, options))

    def addFault(self, behavior: str, **words: object) -> EmbeddedFault:
        """
        Add a fault, which is in force at once, until its L{EmbeddedFault.lift}.

        @param words: the fields of a rule (C{when}, C{percent}, C{after}, C{times}, C{scope},
            C{name}, and C{lasting} for C{for}), and the behavior's options.
        @raise Refused: something is not acceptable; nothing has changed.
        """
        rule = ruleFromJSON(self.proxy.ruleBuilder, ruleOf(behavior, words))
        return EmbeddedFault(self.proxy, self.proxy.faults.add(rule), self.journal)

    @contextmanager
    def fault(self, /, behavior: str, **words: object) -> Iterator[EmbeddedFault]:
        """
        Put a fault in force for the length of a block; see L{addFault}.
        """
        fault = self.addFault(behavior, **words)
        try:
            yield fault
        finally:
            fault.lift()

    def stop(self) -> Deferred[None]:
        """
        Stop listening and reset all connections; fires when that is done.
        """
        return self.proxy.stopService()


async def proxyFor(
    reactor: IServerReactor,
    backend: str,
    protocol: str = "tcp",
    behavior: str = "dummy",
    *,
    listen: str = "127.0.0.1:0",
    protocolOptions: dict[str, str] | None = None,
    seed: int = 0,
    timeout: float = 30.0,
    **options: object,
) -> RunningProxy:
    """
    Start a proxy in front of C{backend}, on the running reactor.

    @param listen: the address to listen on; by default a free port of the loopback interface.
    @param protocolOptions: options of the wire protocol, by name.
    @param seed: the seed of all decisions; by default the same in every run.
    @param timeout: how long a connection to the backend may take to be made, in seconds.
    @param options: options of the behavior.
    @raise Refused: something is not acceptable, or the address cannot be listened on.
    """
    given = Given({"protocol": protocol}, {}, {protocol: protocolOptions or {}})
    configuration = configure(loadRegistry(), given)
    ruleBuilder = configuration.ruleBuilder
    journal = Journal(wallTime(reactor))
    proxy = Proxy(
        reactor,
        name="proxy",
        listen=listen,
        backend=backend,
        wire=configuration.wire,
        options=configuration.wireOptions,
        ruleBuilder=ruleBuilder,
        journal=journal,
        seed=seed,
        plan=ruleBuilder.one(behavior, options),
        timeout=timeout,
    )
    proxy.startService()
    assert proxy.listening is not None
    await proxy.listening
    return RunningProxy(proxy, journal)
