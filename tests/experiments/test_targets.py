"""
Tests for L{vaurien_twisted.experiments.targets}.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.experiments.targets import addTargetArguments, ofName, ofPods, targets
from vaurien_twisted.model.options import Refused


def parse(*words: str) -> argparse.Namespace:
    """
    A command line.
    """
    parser = argparse.ArgumentParser()
    addTargetArguments(parser)
    return parser.parse_args(words)


class NameTests(SynchronousTestCase):
    """
    By URL, in files, and behind host names.
    """

    def resolve(self, *addresses: tuple[socket.AddressFamily, str]) -> None:
        """
        Every name has these addresses.
        """
        found = [(kind, 1, 6, "", (address, 1)) for kind, address in addresses]
        self.patch(socket, "getaddrinfo", lambda *words, **more: found)

    def test_together(self) -> None:
        """
        All named services, each once; the default if none is named.
        """
        path = Path(self.mktemp())
        path.write_text("# ours\nhttp://a:1\n\n  http://b:2\n")
        self.resolve((socket.AF_INET, "10.0.0.1"), (socket.AF_INET, "10.0.0.1"))
        words = ["--target", "http://c:3", "--targets", str(path), "--target", "http://a:1"]
        found = targets(parse(*words, "--dns", "vaurien", "--control-port", "9"), "http://d")
        self.assertEqual(found, ["http://c:3", "http://a:1", "http://b:2", "http://10.0.0.1:9"])
        self.assertEqual(targets(parse(), "http://d"), ["http://d"])

    def test_name(self) -> None:
        """
        Each address of a name; a port in the name has precedence.
        """
        self.resolve((socket.AF_INET, "10.0.0.1"), (socket.AF_INET6, "fd00::2"))
        self.assertEqual(ofName("vaurien"), ["http://10.0.0.1:8080", "http://[fd00::2]:8080"])
        self.assertEqual(ofName("vaurien:7", 9), ["http://10.0.0.1:7", "http://[fd00::2]:7"])

    def test_real(self) -> None:
        """
        As the system resolves it.
        """
        self.assertIn("http://127.0.0.1:8080", ofName("127.0.0.1"))

    def test_refused(self) -> None:
        """
        Invalid names, names without addresses, and an empty file.
        """

        def unknown(*words: object, **more: object) -> object:
            raise socket.gaierror(-2, "Name or service not known")

        self.patch(socket, "getaddrinfo", unknown)
        path = Path(self.mktemp())
        path.write_text("# none\n")
        for words, said in (
            (["--dns", "nowhere"], "Name or service not known"),
            (["--dns", "a/b"], "is not a host name"),
            (["--dns", "a:b"], "is not a host name"),
            (["--dns", ""], "is not a host name"),
            (["--targets", str(path)], "no URL"),
            (["--targets", str(path) + "x"], "No such file"),
        ):
            with self.assertRaises(Refused) as caught:
                targets(parse(*words), "http://d")
            self.assertIn(said, caught.exception.description)


def pod(address: str | None, ready: str = "True") -> dict[str, Any]:
    """
    A pod in an answer of the API server of Kubernetes.
    """
    conditions = [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": ready}]
    status = {"phase": "Running", "podIP": address, "conditions": conditions}
    return {"metadata": {"name": "p"}, "spec": {"containers": []}, "status": status}


class PodTests(SynchronousTestCase):
    """
    Pods of a stub of the API server.
    """

    def setUp(self) -> None:
        """
        Start the stub, and name it in a configuration.
        """
        try:
            import kubernetes
        except ImportError:
            raise SkipTest("the package 'kubernetes' is not installed") from None
        del kubernetes
        self.pods: list[dict[str, Any]] = []
        self.status = 200
        self.asked: list[str] = []

    @contextmanager
    def server(self) -> Iterator[None]:
        """
        The stub as it runs.
        """
        case = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                case.asked.append(self.path)
                body = json.dumps({"kind": "PodList", "apiVersion": "v1", "items": case.pods})
                self.send_response(case.status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *words: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            self.configure(server.server_port)
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def configure(self, port: int) -> None:
        """
        Name an API server.
        """
        path = Path(self.mktemp())
        cluster = {"server": f"http://127.0.0.1:{port}"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "stub", "cluster": cluster}],
            "users": [{"name": "me", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "stub", "user": "me"}}],
        }
        path.write_text(json.dumps(config))
        self.patch(os, "environ", {**os.environ, "KUBECONFIG": str(path)})

    def test_pods(self) -> None:
        """
        Those that are ready and have an address, by their labels.
        """
        self.pods = [pod("10.1.0.1"), pod(None), pod("10.1.0.2", "False"), pod("fd00::3")]
        with self.server():
            found = targets(parse("--kubernetes", "app=db,tier!=x", "--namespace", "shop"), "")
            self.assertEqual(ofPods("app=db", None, 9)[0], "http://10.1.0.1:9")
        self.assertEqual(found, ["http://10.1.0.1:8080", "http://[fd00::3]:8080"])
        self.assertIn("/api/v1/namespaces/shop/pods", self.asked[0])
        self.assertIn("labelSelector=app%3Ddb%2Ctier%21%3Dx", self.asked[0])
        self.assertIn("/api/v1/pods", self.asked[1])

    def test_none(self) -> None:
        """
        No pod is ready, the API server refuses, or is not there.
        """
        with self.server():
            self.refused("no ready pod has the labels 'app=db'")
            self.status = 403
            self.refused("Kubernetes refused: 403")
        self.configure(9)
        self.refused("did not answer")

    def refused(self, said: str) -> None:
        """
        Asking is refused with these words.
        """
        with self.assertRaises(Refused) as caught:
            ofPods("app=db", None)
        self.assertIn(said, caught.exception.description)
