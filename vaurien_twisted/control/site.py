# -*- test-case-name: tests.control.test_site -*-
"""
The site: checks that every request must pass, and faces that share its paths.

To add a face or a check, name it in L{controlRoot}: a L{Face} has its own paths, a
L{Check} raises L{Problem}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from twisted.web.server import Site

from vaurien_twisted.control.answers import Problem, problemOf, refuse
from vaurien_twisted.control.guard import Guard
from vaurien_twisted.control.journal import JournalFace
from vaurien_twisted.control.limits import BoundedRequest
from vaurien_twisted.control.protocols import ProtocolsFace
from vaurien_twisted.control.rules import RulesFace
from vaurien_twisted.control.vaurien import VaurienFace
from vaurien_twisted.options import nearest
from vaurien_twisted.proxy import Proxy

#: Raises L{Problem} where a request may not go on.
Check = Callable[[IRequest], None]


class Face(Protocol):
    """
    A way of speaking about the model.
    """

    @property
    def segments(self) -> Sequence[str]:
        """
        The first path segments that are this face's; C{""} is the root page.
        """

    def resource(self) -> IResource:
        """
        What answers there.  It gets the whole path, as if it were alone on the site.
        """


class ControlRoot(Resource):
    """
    Checks each request, then hands it to the face that its path belongs to.  Whatever
    goes wrong, the answer is JSON.

    @ivar isLeaf: the faces find their way in the rest of the path themselves.
    """

    isLeaf = True

    def __init__(self, faces: Iterable[Face], checks: Iterable[Check]) -> None:
        super().__init__()
        self._checks = tuple(checks)
        self._resources: dict[str, IResource] = {}
        for face in faces:
            resource = face.resource()
            self._resources.update(dict.fromkeys(face.segments, resource))

    def render(self, request: IRequest) -> Any:
        """
        Answer, or let a face answer.
        """
        try:
            for check in self._checks:
                check(request)
            return self._find(request).render(request)
        except Exception:
            return refuse(request, problemOf(request, Failure()))

    def _find(self, request: IRequest) -> IResource:
        try:
            path = [segment.decode("utf-8") for segment in request.postpath]
        except UnicodeDecodeError:
            raise Problem(400, "the path is not UTF-8", "", "path") from None
        found = self._resources.get(path[0])
        if found is None:
            known = [f"/{segment}" for segment in self._resources]
            name = f"/{path[0]}"
            raise Problem(404, f"there is no {name!r}: {nearest(name, known)}", name, "path")
        return found


def controlRoot(proxy: Proxy, allowedHosts: Iterable[str] = ()) -> ControlRoot:
    """
    All faces of C{proxy}, behind all checks.

    @param allowedHosts: see L{Guard}.
    """
    faces: list[Face] = [
        VaurienFace(proxy),
        RulesFace(proxy),
        ProtocolsFace(proxy),
        JournalFace(proxy),
    ]
    return ControlRoot(faces, [Guard(allowedHosts).check])


def controlSite(reactor: Any, root: IResource) -> Site:
    """
    A site for C{root} that reads bodies up to a bound.
    """
    return Site(root, BoundedRequest, reactor=reactor, parsePOSTFormSubmission=False)
