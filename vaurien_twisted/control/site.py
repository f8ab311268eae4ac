# -*- test-case-name: tests.control.test_site -*-
"""
The site: checks every request, and passes it to the API that its path belongs to.

To add an API or a check, name it in L{controlRoot}: an L{API<vaurien_twisted.control.routes.API>}
declares its routes, a L{Check} raises L{Problem}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.http import Request
from twisted.web.iweb import IRequest
from twisted.web.resource import Resource
from twisted.web.server import Site

from vaurien_twisted.control.body_limit import BoundedSite
from vaurien_twisted.control.clean_paths import redirect
from vaurien_twisted.control.connections import ConnectionsAPI
from vaurien_twisted.control.event_stream import Readers
from vaurien_twisted.control.events import EventsAPI
from vaurien_twisted.control.experiment import ExperimentAPI
from vaurien_twisted.control.explain import ExplainAPI
from vaurien_twisted.control.health import HealthAPI
from vaurien_twisted.control.history import HistoryAPI
from vaurien_twisted.control.host_check import HostCheck
from vaurien_twisted.control.journal import JournalAPI
from vaurien_twisted.control.leases import LeasesAPI
from vaurien_twisted.control.metrics import MetricsAPI
from vaurien_twisted.control.normal import NormalAPI
from vaurien_twisted.control.openapi.api import OpenAPI
from vaurien_twisted.control.page import PageAPI
from vaurien_twisted.control.passed import PassedAPI
from vaurien_twisted.control.protocols import ProtocolsAPI
from vaurien_twisted.control.request_counter import RequestCounter
from vaurien_twisted.control.responses import Problem, refused
from vaurien_twisted.control.routes import API, Mounted, Refuse, RouteTable
from vaurien_twisted.control.rules import RulesAPI
from vaurien_twisted.control.schema import SchemaAPI
from vaurien_twisted.control.state import StateAPI
from vaurien_twisted.control.token_check import TokenCheck
from vaurien_twisted.control.toxiproxy import ToxiproxyAPI
from vaurien_twisted.control.vaurien import VaurienAPI
from vaurien_twisted.interfaces import IJournal
from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.metrics.history import History
from vaurien_twisted.metrics.observe import Observed
from vaurien_twisted.metrics.prometheus import Collector
from vaurien_twisted.model.names import printable
from vaurien_twisted.model.options import nearest
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.experiments import Experiments
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.actors import acting
from vaurien_twisted.record.clocks import wallTime
from vaurien_twisted.record.journal import Journal

#: Raises L{Problem} to refuse a request.
Check = Callable[[IRequest], None]


class ControlRoot(Resource):
    """
    Checks each request, then passes it to the API that its path belongs to.  Failures become
    refusals in JSON, in the form that the routes of the API declare.

    @param apis: the APIs.
    @param checks: called with each request, in order, before any API is.
    @param requests: counts the requests.
    @param token: see L{TokenCheck}.
    @ivar isLeaf: the APIs get the whole path.
    """

    isLeaf = True

    def __init__(
        self,
        apis: Iterable[API],
        checks: Iterable[Check],
        requests: RequestCounter | None = None,
        token: str = "",
    ) -> None:
        super().__init__()
        self._requests = requests
        self._checks = tuple(checks)
        self._token = TokenCheck(token)
        self._table = RouteTable()
        for api in apis:
            self._table.add(api)

    def render(self, request: IRequest) -> bytes | int:
        if self._requests is not None:
            self._requests.count(cast(Request, request), self._table.roots)
        form: Refuse = refused
        try:
            mounted = self._find(request)
            form = form if mounted is None else mounted.routes.refused
            if mounted is not None:
                mounted.routes.stamp(request)
            for check in self._checks:
                check(request)
            moved = redirect(request)
            if moved is not None:
                return moved
            if mounted is None or not mounted.routes.public:
                self._token.check(request)
            if mounted is None:
                raise self._unknown(request)
            with acting(_who(request)):
                rendered: bytes | int = mounted.resource.render(request)
                return rendered
        except Exception:
            return form(request, Failure())

    def formAt(self, path: bytes) -> Refuse:
        """
        The form of refusals at a path.

        @param path: as in the request line (RFC 9112 section 3), with or without a query.
        """
        segments = path.partition(b"?")[0].decode("latin-1").split("/")[1:]
        mounted = self._table.find(segments)
        return refused if mounted is None else mounted.routes.refused

    def _find(self, request: IRequest) -> Mounted | None:
        try:
            path = [segment.decode("utf-8") for segment in request.postpath]
        except UnicodeDecodeError:
            raise Problem(400, "the path is not UTF-8", "", "path") from None
        return self._table.find(path)

    def _unknown(self, request: IRequest) -> Problem:
        name = f"/{request.postpath[0].decode('utf-8')}"
        known = self._table.paths
        return Problem(404, f"there is no {name!r}: {nearest(name, known)}", name, "path")


def _who(request: IRequest) -> str:
    """
    The client of a request, for the journal: its User-Agent (RFC 9110 section 10.1.5) and address.
    """
    agent = request.requestHeaders.getRawHeaders("user-agent", [""])[0]
    place = getattr(request.getClientAddress(), "host", "")
    return " at ".join(printable(part) for part in (agent, place) if part)


def controlRoot(
    proxies: ProxyCollection,
    allowedHosts: Iterable[str] = (),
    token: str = "",
    anyHost: bool = False,
    history: History | None = None,
) -> ControlRoot:
    """
    The site's root, with all APIs of C{proxies} and all checks.

    @param allowedHosts: see L{HostCheck}, also for C{anyHost}.
    @param token: see L{TokenCheck}.
    @param history: the history of the proxies; without it, an empty one.
    """
    apis: list[API] = [
        VaurienAPI(proxies),
        RulesAPI(proxies),
        NormalAPI(proxies),
        ToxiproxyAPI(proxies),
        ProtocolsAPI(proxies),
        LeasesAPI(proxies),
        ExperimentAPI(proxies),
        SchemaAPI(proxies),
        JournalAPI(proxies.journal),
        PageAPI(),
        HealthAPI(),
    ]
    requests = RequestCounter()
    apis += observingAPIs(
        proxies.reactor,
        lambda: proxies.proxies,
        proxies.journal,
        requests,
        proxies.seed,
        history,
        proxies.experiments,
    )
    apis.append(OpenAPI(lambda: [api.routes for api in apis], proxies.defaults, bool(token)))
    return ControlRoot(apis, [HostCheck(allowedHosts, anyHost).check], requests, token)


def controlSite(reactor: IServerReactor, root: ControlRoot) -> Site:
    """
    The site for a root; it limits the size of bodies.
    """
    return BoundedSite(root, reactor, root.formAt)


def observingAPIs(
    clock: IReactorTime,
    proxies: Callable[[], Iterable[Proxy]],
    journal: IJournal,
    requests: RequestCounter,
    seed: int,
    history: History | None = None,
    experiments: Experiments | None = None,
) -> list[API]:
    """
    The APIs that show what happens.

    @param clock: times the event streams.
    @param proxies: gives the current proxies.
    @param journal: the journal of the proxies; if it is of another kind than L{Journal}, it
        cannot be read, and an empty one takes its place.
    @param requests: counts the requests to the site.
    @param seed: the seed of all decisions.
    @param history: the history of the proxies; without it, an empty one.
    @param experiments: whose phases the history shows.
    """
    readable = journal if isinstance(journal, Journal) else Journal(wallTime(clock))
    observed = Observed(proxies, readable, seed)
    return [
        StateAPI(observed),
        ConnectionsAPI(observed),
        EventsAPI(observed, Readers(clock, readable)),
        ExplainAPI(observed),
        PassedAPI(observed),
        MetricsAPI(Collector(observed, requests.counts)),
        HistoryAPI(observed, history or History(clock, observed), experiments),
    ]
