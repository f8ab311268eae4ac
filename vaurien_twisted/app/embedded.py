# -*- test-case-name: tests.test_testing -*-
"""
One proxy in another program, without the control service.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from vaurien_twisted.app.config import configure
from vaurien_twisted.app.config_file import Given
from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.clocks import wallTime
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.build import tell
from vaurien_twisted.rules.registry import loadRegistry


class RunningProxy:
    """
    A proxy that listens.

    @ivar proxy: the service itself.
    @ivar journal: the journal of what was decided and done.
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
        return str(tell(self.proxy.plan)["behavior"])

    def setBehavior(self, name: str, **options: object) -> None:
        """
        Put a behavior in force at once, or several with their percentages, such as
        C{20:error,10:delay}; the options are then given by behavior.

        @raise Refused: a name or an option is not acceptable; nothing has changed.
        """
        self.proxy.setPlan(self.proxy.ruleBuilder.one(name, options))

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
