# -*- test-case-name: tests.control.test_toxiproxy -*-
"""
Toxiproxy's HTTP API, so that its clients work unchanged.

Routes, fields, defaults and statuses are those of Toxiproxy 2.12 (C{README.md}, "HTTP
API", and C{api.go} in github.com/Shopify/toxiproxy).  A refusal is::

    {"error": "proxy not found", "status": 404}
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from twisted.web.iweb import IRequest

from vaurien_twisted import __version__
from vaurien_twisted.control.json_body import readJSON
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import Problem, answer, cut
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.control.toxiproxy_errors import errorOf, refused
from vaurien_twisted.control.toxiproxy_request_id import setRequestId
from vaurien_twisted.model.options import Refused, Spec, values
from vaurien_twisted.proxies.collection import PROXIES, ProxyCollection
from vaurien_twisted.proxies.declaration import LISTS, ProxyConfig, declaredFromJSON
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.rules.toxics import amended, checked, toxicFromJSON
from vaurien_twisted.transports.dual_stack import bothFamilies
from vaurien_twisted.transports.endpoint_kinds import checkBackend, checkListen

#: Members of Toxiproxy's answers that are not fields of a proxy.  Clients send them back.
IGNORED = "logger"

#: The additional field of C{POST /proxies} and C{POST /proxies/NAME}: the lease at whose end the
#: proxy is deleted, or the change is undone.
LEASE = Spec("lease", str, "", "The lease; see POST /leases.")


class ToxiproxyAPI:
    """
    The proxies and their toxics.
    """

    routes = Routes(refused, refusal="ToxiproxyRefusal", head=False, stamp=setRequestId)

    def __init__(self, proxies: ProxyCollection) -> None:
        self._proxies = proxies

    @routes.route("/proxies", "GET")
    @routes.describe(Operation("Proxies"))
    def listProxies(self, request: IRequest) -> bytes:
        """
        All proxies with their toxics, by name.
        """
        return answer(request, {str(p.name): describeProxy(p) for p in self._proxies.proxies})

    @routes.route("/proxies", "POST")
    @routes.describe(Operation("Proxy", 201, body="NewProxy", anyType=True, refusals=(409, 500)))
    async def createProxy(self, request: IRequest) -> bytes:
        """
        Create a proxy from C{name} and C{upstream}; optionally C{listen} and C{enabled}, and,
        beyond Toxiproxy, C{protocol}, C{toxics} and C{rules}.  With C{lease}, it is deleted when
        that lease ends.
        """
        declared = self._declared(readBody(request))
        self._checkKinds(declared)
        return answer(request, describeProxy(await self._proxies.create(declared)), 201)

    @routes.route("/populate", "POST")
    @routes.describe(
        Operation(
            "Populated",
            201,
            body="NewProxies",
            anyType=True,
            refusals=(409, 500),
            refusal="PopulateRefusal",
        )
    )
    async def populate(self, request: IRequest) -> bytes:
        """
        Create all proxies of a list.  A proxy that exists with the same addresses does not change.
        If a proxy cannot be created, those before it remain; the answer lists them with the error.
        """
        had: list[Proxy] = []
        problem: Refused | Problem | None = None
        try:
            declared = self._readList(request)
            had, problem = await self._proxies.populate(declared, self._checkKinds)
        except (Refused, Problem) as refusal:
            problem = refusal
        described: dict[str, object] = {"proxies": [describeProxy(proxy) for proxy in had]}
        if problem is None:
            return answer(request, described, 201)
        status, error = errorOf(problem)
        return answer(request, {"error": cut(error), "status": status, **described}, status)

    def _readList(self, request: IRequest) -> list[ProxyConfig]:
        items = readBody(request)
        if not isinstance(items, list):
            raise Refused("the body must be an array of proxies")
        if len(items) > PROXIES:
            raise Refused(f"{len(items)} proxies are too many: {PROXIES} at most")
        return [self._declared(item, f" at proxy {number}") for number, item in enumerate(items, 1)]

    def _declared(self, item: object, place: str = "") -> ProxyConfig:
        """
        A proxy as declared, which listens on IPv4 and IPv6 where Toxiproxy does.

        @param place: see L{declaredFromJSON}.
        """
        item, lease = withoutLease(withoutLogger(item))
        declared = declaredFromJSON(self._proxies.defaults, item, place)
        declared = attrs.evolve(declared, lease=lease)
        known = self._proxies.namedServices.get(declared.name)
        # A proxy of the command line may listen on IPv4 only.
        if known is not None and known.at(declared.listen, declared.upstream):
            return declared
        return attrs.evolve(declared, listen=bothFamilies(declared.listen))

    def _checkKinds(self, declared: ProxyConfig) -> None:
        known = self._proxies.namedServices.get(declared.name)
        # Addresses of the command line are accepted again.
        if known is None or not known.at(declared.listen, declared.upstream):
            checkListen(declared.listen, "proxy")
            checkBackend(declared.upstream, "backend")

    @routes.route("/proxies/<name>", "GET")
    @routes.describe(Operation("Proxy"))
    def getProxy(self, request: IRequest, name: str) -> bytes:
        """
        One proxy with its toxics.
        """
        return answer(request, describeProxy(self._proxies.get(name)))

    @routes.route("/proxies/<name>", "POST", "PATCH")
    @routes.describe(Operation("Proxy", body="ProxyChange", anyType=True, refusals=(409, 500)))
    async def updateProxy(self, request: IRequest, name: str) -> bytes:
        """
        Change C{listen}, C{upstream} or C{enabled}; other fields stay.  With C{lease}, the earlier
        C{upstream} and C{enabled} are restored when that lease ends.
        """
        proxy = self._proxies.get(name)
        listen, upstream, enabled, lease = readUpdate(request, proxy, self._proxies.defaults.fields)
        if listen is not None and not proxy.at(listen, proxy.backend):
            listen = bothFamilies(listen)
            checkListen(listen, "proxy")
        if upstream is not None and upstream != proxy.backend:
            checkBackend(upstream, "backend")
        await self._proxies.change(proxy, listen, upstream, enabled, lease)
        return answer(request, describeProxy(proxy))

    @routes.route("/proxies/<name>", "DELETE")
    @routes.describe(Operation("", 204))
    async def deleteProxy(self, request: IRequest, name: str) -> bytes:
        """
        Delete a proxy; its port is free when this is answered.
        """
        await self._proxies.delete(name)
        return _done(request)

    @routes.route("/proxies/<name>/toxics", "GET")
    @routes.describe(Operation("Toxics"))
    def listToxics(self, request: IRequest, name: str) -> bytes:
        """
        A proxy's toxics, those upstream first.
        """
        return answer(request, self._proxies.get(name).toxics.toJSON())

    @routes.route("/proxies/<name>/toxics", "POST")
    @routes.describe(Operation("Toxic", body="Toxic", anyType=True, refusals=(409,)))
    def createToxic(self, request: IRequest, name: str) -> bytes:
        """
        Add a toxic: C{type}, also C{name}, C{stream}, C{toxicity} and C{attributes}.
        """
        proxy = self._proxies.get(name)
        toxic = toxicFromJSON(proxy.ruleBuilder, readBody(request))
        proxy.faults.setToxics(proxy.toxics.adding(toxic))
        return answer(request, toxic.toJSON())

    @routes.route("/proxies/<name>/toxics/<toxic>", "GET")
    @routes.describe(Operation("Toxic"))
    def getToxic(self, request: IRequest, name: str, toxic: str) -> bytes:
        """
        One toxic.
        """
        return answer(request, self._proxies.get(name).toxics.get(toxic).toJSON())

    @routes.route("/proxies/<name>/toxics/<toxic>", "POST", "PATCH")
    @routes.describe(Operation("Toxic", body="ToxicChange", anyType=True))
    def updateToxic(self, request: IRequest, name: str, toxic: str) -> bytes:
        """
        Change a toxic's C{attributes} and C{toxicity}; other fields stay.
        """
        proxy = self._proxies.get(name)
        changed = amended(proxy.ruleBuilder, proxy.toxics.get(toxic), readBody(request))
        proxy.faults.setToxics(proxy.toxics.changing(changed))
        return answer(request, changed.toJSON())

    @routes.route("/proxies/<name>/toxics/<toxic>", "DELETE")
    @routes.describe(Operation("", 204))
    def deleteToxic(self, request: IRequest, name: str, toxic: str) -> bytes:
        """
        Remove a toxic.
        """
        proxy = self._proxies.get(name)
        proxy.faults.setToxics(proxy.toxics.removing(toxic))
        return _done(request)

    @routes.route("/reset", "POST")
    @routes.describe(Operation("", 204, refusals=(500,)))
    async def reset(self, request: IRequest) -> bytes:
        """
        Enable all proxies and remove all toxics; rules stay.
        """
        await self._proxies.reset()
        return _done(request)

    @routes.route("/version", "GET")
    @routes.describe(Operation("Version"))
    def getVersion(self, request: IRequest) -> bytes:
        """
        Vaurien's version.
        """
        return answer(request, {"version": __version__})


def describeProxy(proxy: Proxy) -> dict[str, object]:
    """
    A proxy as JSON: Toxiproxy's fields, our C{protocol}, and the proxy's options.
    """
    return {
        "name": proxy.name,
        "listen": proxy.listen,
        "upstream": proxy.backend,
        "enabled": proxy.enabled,
        "protocol": proxy.wire.name,
        **values(proxy.proxyOptions),
        **({"lease": proxy.lease} if proxy.lease else {}),
        "toxics": proxy.toxics.toJSON(),
    }


def _done(request: IRequest) -> bytes:
    request.setResponseCode(204)
    return b""


def readBody(request: IRequest) -> object:
    """
    The JSON in the body, with the names of members in lower case, since Toxiproxy ignores their
    case.  C{rules}, which Toxiproxy does not have, does not change.

    @raise Problem: see L{readJSON}.
    """
    return _lowered(readJSON(request, "{}", anyType=True))


def withoutLogger(item: object) -> object:
    """
    A proxy without the member C{Logger}, which Toxiproxy's own answers have.
    """
    if not isinstance(item, dict):
        return item
    return {name: value for name, value in item.items() if name != IGNORED}


def withoutLease(item: object) -> tuple[object, str]:
    """
    A proxy without the member C{lease}, and that lease, C{""} for none.

    @raise Refused: the lease is not text.
    """
    if not isinstance(item, dict):
        return item, ""
    fields = {name: value for name, value in item.items() if name != "lease"}
    lease = item.get("lease")
    return fields, "" if lease is None else LEASE.convert(lease, strict=True)


def _lowered(value: object) -> object:
    if isinstance(value, dict):
        found: dict[str, object] = {}
        for name, own in value.items():
            if name.lower() in found:
                raise Problem(400, f"{name!r} is given twice, in upper and lower case", name)
            found[name.lower()] = own if name == "rules" else _lowered(own)
        return found
    if isinstance(value, list):
        return [_lowered(each) for each in value]
    return value


def readUpdate(
    request: IRequest, proxy: Proxy, fields: Mapping[str, Spec]
) -> tuple[str | None, str | None, bool | None, str]:
    """
    The C{listen}, C{upstream} and C{enabled} of a change, each C{None} if it does not change, and
    the C{lease} of the change, C{""} for none.  Clients send back the fields that they have read,
    so others may be present; the name, the protocol, toxics and rules are ignored.  C{listen} with
    port 0 uses a new port.

    @param fields: the declared fields of a proxy.
    @raise Refused: something is unknown or not acceptable, or is an option that can only be
        set when a proxy is created.
    @raise Problem: see L{readJSON}.
    """
    given = checked(withoutLogger(readBody(request)), (*fields, *LISTS, "lease"), "a proxy")
    lease = LEASE.convert(given.get("lease", ""), strict=True)
    for name in ("listen", "upstream"):
        if given.get(name) == "":
            raise Refused(f"{name!r} must be an address such as localhost:6379, not ''", name)
    for name, value in values(proxy.proxyOptions).items():
        if name in given and fields[name].convert(given[name], strict=True) != value:
            reason = f"{name!r} cannot be changed: delete the proxy, and create it with another"
            raise Refused(reason, name)
    listen, upstream, enabled = (
        fields[name].convert(given[name], strict=True) if name in given else None
        for name in ("listen", "upstream", "enabled")
    )
    return listen, upstream, enabled, lease
