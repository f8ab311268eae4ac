# -*- test-case-name: tests.test_benchmarks -*-
"""
Configurations of the other relays and of the web backend, each as its own documentation
advises for one thread, with nothing in the way: no logs, no limits.
"""

from __future__ import annotations

import json
from typing import Any

#: What the web backend answers: 24 bytes.
BODY = "twenty-four bytes of it."

#: HAProxy refuses to start if the open files that this needs are not allowed.
CONNECTIONS = 8000

_TYPE = "type.googleapis.com/envoy.extensions.filters"


def haproxy(port: int, backend: int, files: int) -> str:
    """
    One thread, relaying bytes (HAProxy's configuration manual, sections 3 and 4).

    @param files: how many files may be open.
    """
    most = min(CONNECTIONS, (files - 100) // 2)
    return f"""\
global
    maxconn {most}
    nbthread 1
defaults
    mode tcp
    maxconn {most}
    timeout connect 5s
    timeout client 1h
    timeout server 1h
listen relay
    bind 127.0.0.1:{port} backlog 1024
    server backend 127.0.0.1:{backend}
"""


def nginxStream(port: int, backend: int, folder: str, module: str) -> str:
    """
    One process, relaying bytes (ngx_stream_proxy_module).

    @param module: the path of the stream module, C{""} where it is built in.
    """
    load = f"load_module {module};\n" if module else ""
    return (
        load
        + _nginxMain(folder)
        + f"""\
stream {{
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        proxy_pass 127.0.0.1:{backend};
        proxy_timeout 1h;
    }}
}}
"""
    )


def nginxWeb(port: int, folder: str) -> str:
    """
    A web server that answers everything with L{BODY}.
    """
    temporary = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        _nginxMain(folder)
        + f"""\
http {{
{temporary}    access_log off;
    keepalive_requests 1000000000;
    default_type text/plain;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{ return 200 "{BODY}"; }}
    }}
}}
"""
    )


def _nginxMain(folder: str) -> str:
    return f"""\
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 16384; }}
"""


def envoy(port: int, filters: list[dict[str, Any]], backend: int, http2: bool = False) -> str:
    """
    One listener before one backend (Envoy's API, v3).

    @param filters: its network filters.
    @param http2: whether it speaks HTTP/2 with the backend.
    """
    kinds = ("connections", "pending_requests", "requests", "retries")
    unlimited = {f"max_{kind}": 1_000_000 for kind in kinds}
    cluster: dict[str, Any] = {
        "name": "backend",
        "type": "STATIC",
        "connect_timeout": "5s",
        "circuit_breakers": {"thresholds": [unlimited]},
        "load_assignment": {
            "cluster_name": "backend",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(backend)}}]}],
        },
    }
    if http2:
        kind = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        spoken = {"@type": kind, "explicit_http_config": {"http2_protocol_options": {}}}
        cluster["typed_extension_protocol_options"] = {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": spoken
        }
    listener = {
        "name": "relay",
        "address": _address(port),
        "tcp_backlog_size": 1024,
        "filter_chains": [{"filters": filters}],
    }
    return json.dumps({"static_resources": {"listeners": [listener], "clusters": [cluster]}})


def envoyTCP() -> list[dict[str, Any]]:
    """
    Envoy relaying bytes.
    """
    return [
        _filter(
            "network.tcp_proxy",
            f"{_TYPE}.network.tcp_proxy.v3.TcpProxy",
            stat_prefix="relay",
            cluster="backend",
            idle_timeout="3600s",
        )
    ]


def envoyRedis(**fault: Any) -> list[dict[str, Any]]:
    """
    Envoy reading Redis's protocol.

    @param fault: what the C{RedisFault} of every request has; without, a fault for a command
        that never comes.
    """
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    kind = fault or {"fault_type": "ERROR", "commands": ["hstrlen"]}
    return [
        _filter(
            "network.redis_proxy",
            f"{_TYPE}.network.redis_proxy.v3.RedisProxy",
            stat_prefix="relay",
            settings={"op_timeout": "5s"},
            prefix_routes={"catch_all_route": {"cluster": "backend"}},
            faults=[{"fault_enabled": always, **kind}],
        )
    ]


def envoyHTTP(**fault: Any) -> list[dict[str, Any]]:
    """
    Envoy reading HTTP.

    @param fault: what its C{HTTPFault} does to every request; without, a fault for a header
        that never comes.
    """
    always = {"percentage": {"numerator": 100}}
    config: dict[str, Any] = {name: {**always, **what} for name, what in fault.items()}
    if not fault:
        config["abort"] = {"http_status": 503, **always}
        config["headers"] = [{"name": "x-never", "present_match": True}]
    filters = [
        _filter("http.fault", f"{_TYPE}.http.fault.v3.HTTPFault", **config),
        _filter("http.router", f"{_TYPE}.http.router.v3.Router"),
    ]
    route = {"match": {"prefix": "/"}, "route": {"cluster": "backend"}}
    return [
        _filter(
            "network.http_connection_manager",
            f"{_TYPE}.network.http_connection_manager.v3.HttpConnectionManager",
            stat_prefix="relay",
            http_filters=filters,
            route_config={"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        )
    ]


def _filter(name: str, kind: str, **config: Any) -> dict[str, Any]:
    return {"name": f"envoy.filters.{name}", "typed_config": {"@type": kind, **config}}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
