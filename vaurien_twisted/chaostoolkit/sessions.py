# -*- test-case-name: tests.chaostoolkit.test_activities -*-
"""
The service that activities use, and the changes that an experiment has made there.

Activities are functions of modules; this module keeps the state that they share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from vaurien_twisted.client.blocking import Client, ClientError, Proxy
from vaurien_twisted.client.held_lease import LEASE, HeldLease
from vaurien_twisted.experiments.figures import Figures
from vaurien_twisted.model.json_types import Answer, JSONObject

#: The entry of an experiment's C{configuration} that has the URL of the control service.
URL = "vaurien_url"

#: The entry of its C{secrets} that has the token; or a group of this name with C{token}.
SECRET = "vaurien"


class Session:
    """
    A service during an experiment.  Between L{begin} and L{end} it remembers all changes, sets
    faults under a lease, and counts from L{begin}.

    @ivar client: the client of the service.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self._lease: HeldLease | None = None
        self._created: list[str] = []
        self._before: dict[str, Answer] = {}
        self._figures: dict[str, Figures] = {}
        self._last = 0

    def begin(self, seconds: float = LEASE) -> None:
        """
        Take the lease.

        @param seconds: how long faults stay in force after this process was killed.
        @raise ClientError: the service refused, or did not answer.
        """
        state: JSONObject = self.client.state()
        self._last = int(state["journal"]["last"])
        self._figures = {str(each["name"]): Figures.fromState(each) for each in state["proxies"]}
        self._lease = HeldLease(self.client, seconds)

    @property
    def lease(self) -> dict[str, str]:
        """
        The field C{lease} of rules, toxics and proxies, if there is a lease.
        """
        return {} if self._lease is None else {"lease": self._lease.name}

    def proxy(self, name: str, *, change: bool = False) -> Proxy:
        """
        A proxy by its name.

        @param change: remember C{enabled} and the backend before they change.
        @raise ClientError: there is no such proxy.
        """
        proxy = self.client.proxy(name)
        if change and self._lease is not None and name not in self._before:
            info = proxy.info()
            self._before[name] = {key: info[key] for key in ("enabled", "upstream")}
        return proxy

    def create(self, name: str, upstream: str, listen: str, protocol: str) -> Answer:
        """
        Create a proxy, which L{end} deletes.

        @raise ClientError: the service refused.
        """
        proxy = self.client.create_proxy(name, upstream, listen, protocol or None, **self.lease)
        self._created.append(name)
        return proxy.info()

    def delete(self, name: str) -> None:
        """
        Delete a proxy.

        @raise ClientError: the service refused.
        """
        self.client.delete_proxy(name)
        self._before.pop(name, None)
        if name in self._created:
            self._created.remove(name)

    def figures(self, name: str, during: float) -> Figures:
        """
        The figures of a proxy.

        @param during: those of the next so many seconds; 0: those since the session began; without
            a session, since the proxy began.
        @raise ClientError: there is no such proxy.
        """
        before = self._figures.get(name, Figures())
        if during:
            before = self._read(name)
            time.sleep(during)
        return self._read(name).since(before)

    def _read(self, name: str) -> Figures:
        proxies = {str(each["name"]): each for each in self.client.state()["proxies"]}
        if name not in proxies:
            known = ", ".join(proxies) or "none"
            raise ClientError(f"{self.client.url} has no proxy {name!r}, only: {known}")
        return Figures.fromState(proxies[name])

    def journal(self) -> list[Answer]:
        """
        The journal's entries since the session began, at most 10,000.

        @raise ClientError: the service did not answer.
        """
        return self.client.journal(self._last, 10_000)

    def end(self) -> None:
        """
        Remove the faults, delete the proxies that were created, and restore the others.

        @raise ClientError: a part failed; all other parts were done.
        """
        lease, self._lease = self._lease, None
        failed: list[ClientError] = []
        work: list[Callable[[], object]] = [
            self.client.proxy(name).delete for name in self._created
        ]
        if lease is not None:
            work.append(lease.end)
        for name, before in self._before.items():
            work.append(partial(self.client.proxy(name).update, **before))
        self._created, self._before = [], {}
        for step in work:
            try:
                step()
            except ClientError as error:
                failed.append(error)
        if failed:
            raise failed[0]


class Sessions:
    """
    The sessions of the running experiments, by the URL of their service.
    """

    def __init__(self) -> None:
        self._begun: dict[str, Session] = {}

    def of(
        self,
        configuration: Mapping[str, object] | None,
        secrets: Mapping[str, object] | None,
        url: str = "",
    ) -> Session:
        """
        The session of a service; a new one, which is not kept, if none was begun.

        @param configuration: of the experiment.
        @param secrets: those of the experiment, or of an activity.
        @param url: the URL of the control service; by default C{vaurien_url} of the configuration,
            then C{VAURIEN_URL}, then C{http://localhost:8080}.
        @raise ClientError: the URL is not valid.
        """
        known = url or str((configuration or {}).get(URL) or "") or None
        client = Client(url=known, token=_token(secrets or {}))
        return self._begun.get(client.url) or Session(client)

    def begin(self, session: Session, seconds: float) -> None:
        """
        Begin a session, which L{of} returns from now on.

        @raise ClientError: see L{Session.begin}.
        """
        session.begin(seconds)
        self._begun[session.client.url] = session

    def end(self, session: Session) -> None:
        """
        End it.

        @raise ClientError: see L{Session.end}.
        """
        self._begun.pop(session.client.url, None)
        session.end()


def _token(secrets: Mapping[str, object]) -> str | None:
    """
    The token among the secrets; C{None} to use C{VAURIEN_TOKEN}.
    """
    group = secrets.get(SECRET)
    token = (group if isinstance(group, Mapping) else secrets).get("token")
    return None if token is None else str(token)


#: Those of this process.
SESSIONS = Sessions()
