# -*- test-case-name: tests.experiments.test_targets -*-
"""
The addresses of a fleet's services: by URL, from a file, by host name, or from pods of Kubernetes.
"""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from vaurien_twisted.model.options import Refused
from vaurien_twisted.model.text_file import readText

#: The default port of the control service.
PORT = 8080

#: The time limit of an answer of the API server of Kubernetes, in seconds.
PATIENCE = 10.0


def addTargetArguments(parser: argparse.ArgumentParser) -> None:
    """
    The arguments that name services.
    """
    parser.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="URL",
        help="a control service; may be given several times",
    )
    parser.add_argument(
        "--targets", metavar="FILE", help="a file with the URL of a service on each line"
    )
    parser.add_argument(
        "--dns",
        action="append",
        default=[],
        metavar="NAME[:PORT]",
        help="a control service at each address of a host name",
    )
    parser.add_argument(
        "--kubernetes",
        metavar="SELECTOR",
        help="a control service in each running pod with these labels, such as app=db (needs "
        "the extra 'kubernetes')",
    )
    parser.add_argument(
        "--namespace", metavar="NAME", help="the namespace of the pods; by default all"
    )
    parser.add_argument(
        "--control-port",
        type=int,
        default=PORT,
        metavar="PORT",
        help=f"the port of control services that are found by --dns or --kubernetes ({PORT})",
    )


def targets(parsed: argparse.Namespace, default: str) -> list[str]:
    """
    The URLs of the services that a command line names, each once.

    @param default: the URL if the command line names none.
    @raise Refused: no service is found.
    """
    found = list(parsed.target)
    if parsed.targets:
        found += _ofFile(parsed.targets)
    for name in parsed.dns:
        found += ofName(name, parsed.control_port)
    if parsed.kubernetes is not None:
        found += ofPods(parsed.kubernetes, parsed.namespace, parsed.control_port)
    return list(dict.fromkeys(found)) or [default]


def _ofFile(path: str) -> list[str]:
    try:
        text = readText(path)
    except (OSError, ValueError) as error:
        raise Refused(f"{path}: {getattr(error, 'strerror', error)}") from None
    found = [line.strip() for line in text.splitlines() if line.strip()[:1] not in ("", "#")]
    if not found:
        raise Refused(f"{path}: it names no URL")
    return found


def ofName(name: str, port: int = PORT) -> list[str]:
    """
    A URL for each address of a host name.

    @param name: a host name, with or without a port.
    @raise Refused: it is not a host name, or has no address.
    """
    try:
        parts = urlsplit(f"//{name}")
        host, port = parts.hostname or "", parts.port or port
    except ValueError:
        host = ""
    if not host or parts.path:
        raise Refused(f"{name!r} is not a host name, such as vaurien.example.com:{PORT}")
    try:
        known = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Refused(f"cannot look up {host!r}: {error.strerror}") from None
    return list(dict.fromkeys(urlOf(str(address[0]), port) for *_, address in known))


def urlOf(address: str, port: int) -> str:
    """
    The URL of a control service at an address.
    """
    place = f"[{address}]" if ip_address(address.partition("%")[0]).version == 6 else address
    return f"http://{place}:{port}"


def ofPods(selector: str, namespace: str | None, port: int = PORT) -> list[str]:
    """
    A URL for each ready pod with some labels, by the official client.  The API server is that of
    C{KUBECONFIG} or C{~/.kube/config}, otherwise that of the cluster in which this process runs.

    @param selector: labels in the form of C{kubectl get --selector}.
    @param namespace: C{None} for all.
    @raise Refused: the client is not installed, the API server does not answer, or no pod is ready.
    """
    try:
        from kubernetes import client, config
        from kubernetes.config.config_exception import ConfigException
    except ImportError:
        raise Refused(
            "--kubernetes needs the package 'kubernetes': pip install '.[kubernetes]' in Vaurien's "
            "folder"
        ) from None
    from urllib3.exceptions import HTTPError

    try:
        path = os.environ.get("KUBECONFIG") or os.path.expanduser("~/.kube/config")
        if os.environ.get("KUBECONFIG") or os.path.exists(path):
            config.load_kube_config(path)
        else:
            config.load_incluster_config()
        api = client.CoreV1Api()
        if namespace is None:
            pods = api.list_pod_for_all_namespaces(
                label_selector=selector, _request_timeout=PATIENCE
            )
        else:
            pods = api.list_namespaced_pod(
                namespace, label_selector=selector, _request_timeout=PATIENCE
            )
    except ConfigException as error:
        raise Refused(f"cannot find the API server of Kubernetes: {_short(error)}") from None
    except client.ApiException as error:
        raise Refused(f"Kubernetes refused: {error.status} {error.reason}") from None
    except (HTTPError, OSError) as error:
        raise Refused(f"the API server of Kubernetes did not answer: {_short(error)}") from None
    addresses = [_address(pod.status) for pod in pods.items]
    found = [urlOf(address, port) for address in addresses if address]
    if not found:
        raise Refused(f"no ready pod has the labels {selector!r}")
    return found


def _address(status: object) -> str:
    """
    The address of a pod if it is ready; otherwise C{""}.
    """
    conditions: Sequence[object] = getattr(status, "conditions", None) or ()
    states = {getattr(each, "type", ""): getattr(each, "status", "") for each in conditions}
    return str(getattr(status, "pod_ip", None) or "") if states.get("Ready") == "True" else ""


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
