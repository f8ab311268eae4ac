# -*- test-case-name: tests.control.test_leases -*-
"""
Leases: C{/leases}.  Faults that are set under a lease are removed when it ends.
"""

from __future__ import annotations

from twisted.web.iweb import IRequest

from vaurien_twisted.control.json_body import readObject
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import OK, Problem, answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.model.options import build, specs
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.leases import Lease, LeaseExists, LeaseFields, NoSuchLease
from vaurien_twisted.record.actors import actor
from vaurien_twisted.rules.toxics import checked


class LeasesAPI:
    """
    Takes, renews and ends leases.
    """

    routes = Routes()

    def __init__(self, proxies: ProxyCollection) -> None:
        self._leases = proxies.leases
        self._seconds = proxies.reactor.seconds

    @routes.route("/leases", "GET")
    @routes.describe(Operation("Leases"))
    def listLeases(self, request: IRequest) -> bytes:
        """
        The leases that are held, oldest first: C{{"leases": [{"name": "ci-7", "for": 30.0,
        "left": 12.5, "owner": "curl/8.5.0 at 127.0.0.1"}]}}.
        """
        return answer(request, {"leases": [self._json(each) for each in self._leases.held]})

    @routes.route("/leases", "POST")
    @routes.describe(Operation("Lease", 201, body="LeaseRequest", refusals=(409,)))
    def takeLease(self, request: IRequest) -> bytes:
        """
        Take a lease: C{name}, by default a random one, and C{for}, the time in seconds after which
        it ends unless it is renewed.  Rules, toxics and behaviors whose C{lease} has its name are
        then removed.
        """
        try:
            lease = self._leases.take(build(LeaseFields, _read(request), "a lease"), actor())
        except LeaseExists as exists:
            raise Problem(409, exists.description, "name") from None
        return answer(request, self._json(lease), 201)

    @routes.route("/leases/<name>", "PUT")
    @routes.describe(Operation("Lease", body="LeaseRequest", optional=True))
    def renewLease(self, request: IRequest, name: str) -> bytes:
        """
        Renew a lease: it ends after its whole time again, or after another one, C{for}.
        """
        # The answer needs no content.
        empty = not request.content.read(1)
        request.content.seek(0)
        given = {} if empty else _read(request)
        # The path has the name.
        specs(LeaseFields)["name"].convert(given.pop("name", ""))
        seconds = specs(LeaseFields)["seconds"].convert(given["seconds"]) if given else None
        try:
            return answer(request, self._json(self._leases.renew(name, seconds)))
        except NoSuchLease as missing:
            raise Problem(404, missing.description, name, "path") from None

    @routes.route("/leases/<name>", "DELETE")
    @routes.describe(Operation())
    def endLease(self, request: IRequest, name: str) -> bytes:
        """
        End a lease, and remove the faults that were set under it.
        """
        try:
            self._leases.end(name)
        except NoSuchLease as missing:
            raise Problem(404, missing.description, name, "path") from None
        return answer(request, OK)

    def _json(self, lease: Lease) -> dict[str, object]:
        return {
            "name": lease.name,
            "for": lease.seconds,
            "left": round(max(0.0, lease.ends - self._seconds()), 3),
            "owner": lease.owner,
        }


def _read(request: IRequest) -> dict[str, object]:
    given = checked(readObject(request), ("name", "for"), "a lease")
    if "for" in given:
        given["seconds"] = given.pop("for")
    return given
