"""
The suite of the docs whose backend, and Vaurien, run in containers.
"""

from __future__ import annotations

import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.integration.support import PATIENCE, optional
from tests.pytest_plugin import PLUGIN
from tests.test_docs import SUITES
from tests.test_extending import childEnvironment

#: What the suite starts.  Nothing is pulled by tests.
IMAGES = ("vaurien", "redis:7")


def absent() -> str | None:
    """
    Why the suite cannot run; C{None} if it can.
    """
    docker = optional("docker")
    if docker is None or optional("testcontainers") is None:
        return "testcontainers is not installed"
    try:
        client = docker.from_env(timeout=10)
        for name in IMAGES:
            client.images.get(name)
    except docker.errors.ImageNotFound as error:
        return f"an image is missing: {error.explanation}"
    except docker.errors.DockerException:
        return "no container engine runs"
    return None


class TestcontainersTests(SynchronousTestCase):
    """
    Testcontainers for Python.
    """

    skip = absent()

    def test_suite(self) -> None:
        """
        The application here and the application in a container meet their faults.
        """
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", PLUGIN]
        done = subprocess.run(
            [*command, "test_with_testcontainers.py"],
            cwd=SUITES,
            env=childEnvironment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
        )
        self.assertIn("2 passed", done.stdout, done.stdout[-3000:] + done.stderr[-1000:])
