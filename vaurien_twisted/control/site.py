# -*- test-case-name: tests.control.test_site -*-
"""
The site: checks that every request must pass, and faces that share its paths.

To add a face or a check, name it in L{controlRoot}: a L{Face} has its own paths, a
L{Check} raises L{Problem}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import attrs
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from twisted.web.server import Site

from vaurien_twisted.control.body_limit import BoundedSite
from vaurien_twisted.control.connections import ConnectionsFace
from vaurien_twisted.control.event_stream import Readers
from vaurien_twisted.control.events import EventsFace
from vaurien_twisted.control.explain import ExplainFace
from vaurien_twisted.control.host_check import Guard
from vaurien_twisted.control.journal import JournalFace
from vaurien_twisted.control.metrics import MetricsFace
from vaurien_twisted.control.page import PageFace
from vaurien_twisted.control.protocols import ProtocolsFace
from vaurien_twisted.control.request_counter import RequestCounter
from vaurien_twisted.control.responses import Problem, problemOf, refuse
from vaurien_twisted.control.rules import RulesFace
from vaurien_twisted.control.state import StateFace
from vaurien_twisted.control.token_check import TokenCheck
from vaurien_twisted.control.toxiproxy import ToxiproxyFace
from vaurien_twisted.control.vaurien import VaurienFace
from vaurien_twisted.interfaces import IJournal
from vaurien_twisted.metrics.observe import Observed
from vaurien_twisted.metrics.prometheus import Collector
from vaurien_twisted.model.options import nearest
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.clocks import wallTime
from vaurien_twisted.record.journal import Journal

#: Raises L{Problem} where a request may not go on.
Check = Callable[[IRequest], None]


class Face(Protocol):
    """
    A way of speaking about the model.
    """

    @property
    def segments(self) -> Sequence[str]:
        """
        The first path segments that are this face's; C{""} is the root page, and
        C{proxies/*/rules} has any word in the second segment's place.
        """

    def resource(self) -> IResource:
        """
        What answers there.  It gets the whole path, as if it were alone on the site.
        """


@attrs.frozen
class Place:
    """
    What a path belongs to.

    @ivar refuse: how refusals are told there.
    @ivar public: whether who has no token is served too.
    """

    resource: IResource
    refuse: Callable[[IRequest, Problem], bytes]
    public: bool


class ControlRoot(Resource):
    """
    Checks each request, then hands it to the face that its path belongs to.  Whatever
    goes wrong, the answer is JSON; a face that has C{refuse} says in what form, and one
    with C{public} set holds nothing that needs a token.

    @param requests: counts the requests.
    @param token: see L{TokenCheck}.
    @ivar isLeaf: the faces find their way in the rest of the path themselves.
    """

    isLeaf = True

    def __init__(
        self,
        faces: Iterable[Face],
        checks: Iterable[Check],
        requests: RequestCounter | None = None,
        token: str = "",
    ) -> None:
        super().__init__()
        self._requests = requests
        self._checks = tuple(checks)
        self._token = TokenCheck(token)
        self._places: dict[str, Place] = {}
        for face in faces:
            own, public = getattr(face, "refuse", refuse), getattr(face, "public", False)
            place = Place(face.resource(), own, public)
            self._places.update(dict.fromkeys(face.segments, place))

    def render(self, request: IRequest) -> Any:
        """
        Answer, or let a face answer.
        """
        if self._requests is not None:
            self._requests.count(request, self._places)
        tell: Callable[[IRequest, Problem], bytes] = refuse
        try:
            place = self._find(request)
            tell = tell if place is None else place.refuse
            for check in self._checks:
                check(request)
            if place is None or not place.public:
                self._token.check(request)
            if place is None:
                raise self._nowhere(request)
            return place.resource.render(request)
        except Exception:
            return tell(request, problemOf(request, Failure()))

    def _find(self, request: IRequest) -> Place | None:
        try:
            path = [segment.decode("utf-8") for segment in request.postpath]
        except UnicodeDecodeError:
            raise Problem(400, "the path is not UTF-8", "", "path") from None
        if len(path) > 2:
            found = self._places.get(f"{path[0]}/*/{path[2]}")
            if found is not None:
                return found
        return self._places.get(path[0])

    def _nowhere(self, request: IRequest) -> Problem:
        known = [f"/{segment}" for segment in self._places]
        name = f"/{request.postpath[0].decode('utf-8')}"
        return Problem(404, f"there is no {name!r}: {nearest(name, known)}", name, "path")


def controlRoot(
    proxies: ProxyCollection,
    allowedHosts: Iterable[str] = (),
    token: str = "",
    anyHost: bool = False,
) -> ControlRoot:
    """
    All faces of C{proxies}, behind all checks.

    @param allowedHosts: see L{Guard}, also for C{anyHost}.
    @param token: see L{TokenCheck}.
    """
    faces: list[Face] = [
        VaurienFace(proxies),
        RulesFace(proxies),
        ToxiproxyFace(proxies),
        ProtocolsFace(proxies),
        JournalFace(proxies.journal),
        PageFace(),
    ]
    requests = RequestCounter()
    faces += observingFaces(
        proxies.reactor, lambda: proxies.proxies, proxies.journal, requests, proxies.seed
    )
    return ControlRoot(faces, [Guard(allowedHosts, anyHost).check], requests, token)


def controlSite(reactor: Any, root: IResource) -> Site:
    """
    A site for C{root} that reads bodies up to a bound.
    """
    return BoundedSite(root, reactor)


def observingFaces(
    clock: IReactorTime,
    proxies: Callable[[], Iterable[Proxy]],
    journal: IJournal,
    requests: RequestCounter,
    seed: int,
) -> list[Face]:
    """
    All of them.

    @param clock: times the event streams.
    @param proxies: tells which proxies there are now.
    @param journal: what they tell; one of another kind than L{Journal} cannot be read, and
        an empty one stands in for it.
    @param requests: what the site counts.
    @param seed: of all decisions.
    """
    readable = journal if isinstance(journal, Journal) else Journal(wallTime(clock))
    observed = Observed(proxies, readable, seed)
    return [
        StateFace(observed),
        ConnectionsFace(observed),
        EventsFace(observed, Readers(clock, readable)),
        ExplainFace(observed),
        MetricsFace(Collector(observed, requests.counts)),
    ]
