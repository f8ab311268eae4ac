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
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from twisted.web.server import Site

from vaurien_twisted.collection import ProxyCollection
from vaurien_twisted.control.answers import Problem, problemOf, refuse
from vaurien_twisted.control.counting import RequestCounter
from vaurien_twisted.control.guard import Guard
from vaurien_twisted.control.journal import JournalFace
from vaurien_twisted.control.limits import BoundedSite
from vaurien_twisted.control.observing import observingFaces
from vaurien_twisted.control.page import PageFace
from vaurien_twisted.control.protocols import ProtocolsFace
from vaurien_twisted.control.rules import RulesFace
from vaurien_twisted.control.token import TokenCheck
from vaurien_twisted.control.toxiproxy import ToxiproxyFace
from vaurien_twisted.control.vaurien import VaurienFace
from vaurien_twisted.options import nearest

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
