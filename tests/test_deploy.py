"""
Tests for the examples of deployment: they name options that there are, and Kubernetes takes them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app.environment import settingsFrom
from vaurien_twisted.app.settings import Settings
from vaurien_twisted.app.tap import Options
from vaurien_twisted.model.options import specs
from vaurien_twisted.proxies.options import ProxyOptions

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"

#: Variables of the environment that are no settings.
OTHERS = {"VAURIEN_CONFIG", "VAURIEN_TOKEN", "VAURIEN_URL"}


def documents() -> list[dict[str, Any]]:
    """
    Every document of the manifests.
    """
    return [
        document
        for path in sorted(DEPLOY.rglob("kubernetes/**/*.yaml"))
        for document in yaml.safe_load_all(path.read_text())
    ]


def variables() -> dict[str, str]:
    """
    The variables that the container's image and its uses set.
    """
    found: dict[str, str] = {}
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        for word in line.removeprefix("ENV").split():
            name, equal, value = word.partition("=")
            if equal and name.startswith("VAURIEN_") and not line.startswith("#"):
                found[name] = value
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    found.update(compose["services"]["vaurien"]["environment"])
    for document in documents():
        if document["kind"] == "Deployment":
            for container in document["spec"]["template"]["spec"]["containers"]:
                if container["name"] == "vaurien":
                    found.update({each["name"]: each.get("value", "") for each in container["env"]})
    return found


class DeployTests(SynchronousTestCase):
    """
    What is there fits.
    """

    def test_variables(self) -> None:
        """
        Each variable is a setting that there is.
        """
        names = [name for cls in (Settings, ProxyOptions) for name in specs(cls)]
        found = {name: "x" for name in variables() if name not in OTHERS}
        self.assertGreater(len(found), 5)
        self.assertEqual(len(settingsFrom(found, names)), len(found), found)

    def test_configuration(self) -> None:
        """
        The file in the ConfigMap is taken.
        """
        [config] = [each for each in documents() if each["kind"] == "ConfigMap"]
        path = self.mktemp()
        Path(path).write_text(config["data"]["vaurien.ini"])
        options = Options()
        options.parseOptions(["--config", path, "--token", "x"])
        self.assertEqual(options.configuration.settings.http_host, "0.0.0.0")

    def test_hardened(self) -> None:
        """
        The container has no privilege, and probes ask C{/health}.
        """
        deployments = [each for each in documents() if each["kind"] == "Deployment"]
        self.assertEqual(len(deployments), 2)
        for deployment in deployments:
            pod = deployment["spec"]["template"]["spec"]
            self.assertTrue(pod["securityContext"]["runAsNonRoot"])
            [container] = [each for each in pod["containers"] if each["name"] == "vaurien"]
            self.assertFalse(container["securityContext"]["allowPrivilegeEscalation"])
            self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"])
            for probe in ("readinessProbe", "livenessProbe"):
                self.assertEqual(container[probe]["httpGet"]["path"], "/health")

    def test_valid(self) -> None:
        """
        The manifests follow the schema of Kubernetes.
        """
        try:
            import kubernetes_validate
        except ImportError:
            self.skipTest("kubernetes-validate is not installed")
        for document in documents():
            if document["kind"] != "Kustomization":
                kubernetes_validate.validate(document, "1.31", strict=True)

    def test_schemas(self) -> None:
        """
        The examples for compose and GitHub Actions follow their schemas.
        """
        try:
            import check_jsonschema
        except ImportError:
            self.skipTest("check-jsonschema is not installed")
        for schema, name in (("compose-spec", "compose"), ("github-workflows", "github-actions")):
            words = ["--builtin-schema", f"vendor.{schema}", str(DEPLOY / f"{name}.yaml")]
            done = subprocess.run(
                [sys.executable, "-m", check_jsonschema.__name__, *words],
                capture_output=True,
                text=True,
                timeout=300,
            )
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_complete(self) -> None:
        """
        Each manifest is a resource of the kustomization beside it, and each resource is there.
        """
        for path in sorted(DEPLOY.rglob("kustomization.yaml")):
            resources = set(yaml.safe_load(path.read_text())["resources"])
            beside = {each.name for each in path.parent.glob("*.yaml")} - {path.name}
            self.assertEqual({each for each in resources if each.endswith(".yaml")}, beside)
            for name in resources - beside:
                self.assertTrue((path.parent / name / path.name).is_file(), name)
