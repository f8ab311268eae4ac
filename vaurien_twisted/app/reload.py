# -*- test-case-name: tests.app.test_reload -*-
"""
Applying another configuration to running proxies, all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import attrs
from twisted.logger import Logger

from vaurien_twisted.app.config import Configuration
from vaurien_twisted.model.options import Refused
from vaurien_twisted.proxies.collection import PROXIES, ProxyCollection
from vaurien_twisted.proxies.declaration import ProxyConfig
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.proxies.starting import startProxy
from vaurien_twisted.rules.plan import Draw, Plan
from vaurien_twisted.rules.toxics import Toxics
from vaurien_twisted.transports.addresses import listenPlace

#: The settings of the first proxy, which can change while it runs.
LIVE = frozenset({"protocol", "proxy", "backend", "behavior", "name"})


def ownProxy(configuration: Configuration) -> ProxyConfig:
    """
    The proxy that the settings describe.
    """
    settings, wire = configuration.settings, configuration.wire
    backend = settings.backend
    if settings.demo:
        # A placeholder until the backend's port is known.
        wire, backend = configuration.defaults.registry.wire("http"), "localhost:1"
    return ProxyConfig(settings.name, settings.proxy, backend, wire, plan=configuration.plan)


def fixedSettings(old: Configuration, new: Configuration) -> list[str]:
    """
    The options that differ and need a restart.
    """
    words = [
        f"--{field.name.replace('_', '-')}"
        for field in attrs.fields(type(old.settings))
        if field.name not in LIVE
        and getattr(old.settings, field.name) != getattr(new.settings, field.name)
    ]
    return words + (["[statsd]"] if old.statsd != new.statsd else [])


class Reload:
    """
    The changes from one configuration to another.  The proxies of the configuration get its values,
    whatever was changed over HTTP meanwhile.  Proxies that were created over HTTP do not change.

    @raise Refused: something is not acceptable; nothing has changed.
    """

    _log = Logger()

    def __init__(self, proxies: ProxyCollection, old: Configuration, new: Configuration) -> None:
        self._proxies = proxies
        self._defaults = new.defaults
        self._wanted = self._declared(new)
        names = {each.name for each in self._wanted}
        before = {each.name for each in self._declared(old)}
        known = proxies.namedServices
        self._gone: list[Proxy] = [
            known[name] for name in before if name not in names and name in known
        ]
        self._undo: list[Callable[[], Awaitable[None]]] = []
        #: New proxies, each with the one that it replaces, if any.
        self._made: list[tuple[Proxy, Proxy | None]] = []
        self._changed: list[tuple[Proxy, ProxyConfig]] = []
        try:
            self._prepare()
        except Refused:
            self._discard()
            raise

    def _declared(self, configuration: Configuration) -> list[ProxyConfig]:
        declared = list(configuration.declared)
        if configuration.own:
            own = ownProxy(configuration)
            running: Proxy | None = self._proxies.namedServices.get(own.name)
            if configuration.settings.demo and running is not None:
                own = attrs.evolve(own, upstream=running.backend)
            declared.insert(0, own)
        return declared

    def _prepare(self) -> None:
        count = len(self._proxies.proxies) - len(self._gone)
        for declared in self._wanted:
            checkNames(declared)
            old: Proxy | None = self._proxies.namedServices.get(declared.name)
            if old is not None and self._alike(old, declared):
                self._proxies.check(declared)
                self._changed.append((old, declared))
            else:
                count += old is None
                self._made.append((self._proxies.make(declared, self._defaults), old))
        if count > PROXIES:
            raise Refused(f"{count} proxies are too many: {PROXIES} at most", "config")

    def _discard(self) -> None:
        for proxy, _ in self._made:
            proxy.stopService()

    def _alike(self, proxy: Proxy, declared: ProxyConfig) -> bool:
        """
        Whether C{proxy} can be changed to the declaration without being replaced.
        """
        defaults = self._defaults
        wire = defaults.wire(declared)
        return (
            proxy.wire is wire
            and bool(proxy.options == defaults.options(wire))
            and proxy.proxyOptions == defaults.optionsOf(declared)
        )

    async def apply(self) -> list[str]:
        """
        Apply the changes.

        @return: descriptions of what has changed.
        @raise CannotListen: an address cannot be listened on.  Nothing has changed, except that
            proxies which had to close their port for a moment have reset their links.
        """
        try:
            words = await self._listen()
        except Refused:
            for undo in reversed(self._undo):
                try:
                    await undo()
                except Refused as refused:
                    self._log.error("{reason}", reason=refused.description)
            self._discard()
            raise
        return words + await self._applyRest()

    async def _listen(self) -> list[str]:
        """
        Listen on the new addresses.  This can fail.
        """
        words = []
        coming = {placeOf(proxy.listen) for proxy, _ in self._made}
        coming |= {placeOf(d.listen) for p, d in self._changed if not p.at(d.listen, p.backend)}
        leaving = self._gone + [old for _, old in self._made if old is not None]
        leaving += [proxy for proxy, d in self._changed if not proxy.at(d.listen, proxy.backend)]
        for proxy in leaving:
            if proxy.enabled and placeOf(proxy.listen) in coming:
                self._undo.append(partial(proxy.update, enabled=True))
                await proxy.update(enabled=False)
        for proxy, old in self._made:
            await startProxy(proxy, self._proxies.leases)
            self._undo.append(_stopping(proxy))
            words.append(f"{proxy.name}: {'new' if old is None else 'made anew'}")
        for proxy, declared in self._changed:
            if proxy.at(declared.listen, declared.upstream) and proxy.enabled is declared.enabled:
                continue
            self._undo.append(
                partial(
                    proxy.update, listen=proxy.listen, backend=proxy.backend, enabled=proxy.enabled
                )
            )
            # Port 0 stays the port that it has taken.
            stays = proxy.at(declared.listen, proxy.backend)
            listen = None if stays else declared.listen
            await proxy.update(listen, declared.upstream, declared.enabled)
            words.append(f"{proxy.name}: {proxy.state}")
        return words

    async def _applyRest(self) -> list[str]:
        """
        Apply the rest, which cannot fail.
        """
        proxies, words = self._proxies, []
        proxies.defaults = self._defaults
        for gone in self._gone:
            await proxies.delete(str(gone.name))
            words.append(f"{gone.name}: gone")
        for proxy, old in self._made:
            if old is not None:
                await proxies.delete(str(old.name))
            proxies.add(proxy)
        for proxy in proxies.proxies:
            proxy.setRuleBuilder(self._defaults.ruleBuilder(proxy.wire))
        for proxy, declared in self._changed:
            # A proxy of the file is not deleted at the end of a lease.
            proxy.lease = declared.lease
            words += _plan(proxy, declared)
        proxies.arrange([each.name for each in self._wanted])
        return words


def _plan(proxy: Proxy, declared: ProxyConfig) -> list[str]:
    """
    Put the plan and the toxics in force where they differ, and return what has changed.
    """
    words = []
    toxics = proxy.toxics
    plan = None if _lasting(proxy.plan) == _lasting(declared.plan) else declared.plan
    if toxics != declared.toxics:
        words.append(f"{proxy.name}: toxics")
        # A name may move from a toxic to a rule.
        proxy.faults.setToxics(Toxics())
    if plan is not None:
        words.append(f"{proxy.name}: rules")
        proxy.faults.setPlan(plan)
    if toxics != declared.toxics:
        proxy.faults.setToxics(declared.toxics)
    return words


def _lasting(plan: Plan) -> list[Draw]:
    """
    The draws of a plan as they were written, without the expiry of their rules.
    """
    return [
        Draw(tuple(attrs.evolve(rule, expired=False) for rule in draw.alternatives))
        for draw in plan.draws
    ]


def checkNames(declared: ProxyConfig) -> None:
    """
    @raise Refused: a toxic has the name of a rule.
    """
    named = {rule.name for rule in declared.plan.rules}
    for toxic in declared.toxics:
        if toxic.name in named:
            raise Refused(
                f"{declared.name}: a rule is called {toxic.name!r}: use another name for the toxic",
                "config",
            )


def placeOf(text: str) -> object:
    """
    The port, otherwise the endpoint string, that only one proxy can listen on.
    """
    place = listenPlace(text)
    return text if place is None else place[1]


def _stopping(proxy: Proxy) -> Callable[[], Awaitable[None]]:
    async def stop() -> None:
        await proxy.stopService()

    return stop
