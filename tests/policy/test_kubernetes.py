"""The files of `deploy/kubernetes/`: valid, listed, hardened, and in line with compose.yaml. No cluster is needed."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml

from portal import __version__
from tests.deployment import composition
from tests.environment import PROJECT

FOLDER = PROJECT / "deploy/kubernetes"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
FILES = sorted(set(FOLDER.iterdir()) - {FOLDER / "kustomization.yaml"})
GUIDE = (PROJECT / "docs/more-than-one-machine.md").read_text()
IN_GUIDE = list(map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)))
RESOURCES: list[dict[str, Any]] = [one for path in FILES for one in yaml.safe_load_all(path.read_text())]
VERSIONS = ["1.30", kubernetes_validate.latest_version()]
SECRET = re.compile("SECRET|PEPPER|TOKEN|KEY|PASSWORD|_URL$")


def name(resource: dict[str, Any]) -> str:
    return f"{resource['kind']} {resource['metadata']['name']}"


def pods() -> Iterator[dict[str, Any]]:
    for resource in RESOURCES:
        if "template" in resource["spec"]:
            yield resource["spec"]["template"]["spec"]


def containers() -> dict[str, dict[str, Any]]:
    return {container["name"]: container for pod in pods() for container in pod["containers"]}


def environment(container: dict[str, Any]) -> dict[str, str]:
    return {variable["name"]: variable.get("value", "") for variable in container["env"]}


class TestAFile:
    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize("resource", [*RESOURCES, *IN_GUIDE], ids=name)
    def test_has_the_form_that_kubernetes_expects(self, resource: dict[str, Any], version: str) -> None:
        kubernetes_validate.validate(resource, version, strict=True)

    def test_with_a_typo_is_found(self) -> None:
        wrong = copy.deepcopy(next(one for one in RESOURCES if one["kind"] == "Deployment"))
        wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}

        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)

    def test_is_listed(self) -> None:
        assert sorted(KUSTOMIZATION["resources"]) == [path.name for path in FILES]

    def test_has_no_secret(self) -> None:
        assert "Secret" not in {resource["kind"] for resource in RESOURCES}
        for container in containers().values():
            values = environment(container)
            given = {name for name in values if SECRET.search(name) and values[name]}
            assert given <= {"TLS_KEY"}  # a path


class TestTheKustomization:
    def test_has_no_overlays(self) -> None:
        common = {"apiVersion", "kind"}
        assert KUSTOMIZATION.keys() == common | {"resources", "images", "configMapGenerator"}

    def test_names_each_image_and_each_map(self) -> None:
        maps = {one["name"]: one for one in KUSTOMIZATION["configMapGenerator"]}

        assert {one["name"] for one in KUSTOMIZATION["images"]} == {
            container["image"] for container in containers().values()
        }
        (portal,) = (one for one in KUSTOMIZATION["images"] if one["name"] == "pumble-api-keys")
        assert portal["newTag"] == __version__
        for path in maps["front-door"]["files"]:
            assert (FOLDER / path).resolve() == composition.TEMPLATE
        for container in containers().values():
            sources = [source.get("configMapRef", {}).get("name") for source in container.get("envFrom", [])]
            assert {source for source in sources if source} <= set(maps)


class TestAPod:
    def test_is_hardened(self) -> None:
        for pod in pods():
            assert pod["automountServiceAccountToken"] is False
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            for container in pod["containers"]:
                context = container["securityContext"]
                assert context["readOnlyRootFilesystem"] is True, container["name"]
                assert context["allowPrivilegeEscalation"] is False, container["name"]
                assert context["capabilities"] == {"drop": ["ALL"]}, container["name"]
                assert container["resources"]["requests"].keys() == {"cpu", "memory"}, container["name"]
                assert "memory" in container["resources"]["limits"], container["name"]

    def test_runs_what_compose_runs(self) -> None:
        parts = containers()

        assert parts["front-door"]["args"] == composition.command("front-door")
        assert parts["maintenance"]["command"] == composition.command("maintenance")
        assert parts["migrate"]["command"] == composition.command("migrate")
        assert "command" not in parts["portal"]  # the image's own

    def test_fills_in_nginxs_configuration_as_compose_does(self) -> None:
        in_compose = composition.COMPOSE["services"]["front-door"]["environment"]
        own = environment(containers()["front-door"])

        assert own.keys() == in_compose.keys()
        pattern = "NGINX_ENVSUBST_FILTER"
        assert own[pattern] == in_compose[pattern].replace("$$", "$")

    def test_lets_nobody_but_the_front_door_reach_the_portal(self) -> None:
        parts = containers()
        front_door, portal = environment(parts["front-door"]), environment(parts["portal"])
        ports = {port["name"]: port["containerPort"] for port in parts["front-door"]["ports"]}
        (service,) = (one for one in RESOURCES if one["kind"] == "Service")
        policies = {
            one["metadata"]["name"]: one["spec"] for one in RESOURCES if one["kind"] == "NetworkPolicy"
        }
        (rule,) = policies["front-door"]["ingress"]

        assert (portal["BIND"], portal["TRUSTED_PROXIES"]) == ("127.0.0.1", "127.0.0.1")
        assert front_door["PORTAL"] == f"127.0.0.1:{portal['PORT']}"
        assert "ports" not in parts["portal"]
        assert {port["port"] for port in rule["ports"]} == set(ports.values())
        assert {port["targetPort"] for port in service["spec"]["ports"]} == set(ports)
        assert "ingress" not in policies["nothing-in"]
        for resource in RESOURCES:
            labels = resource["spec"].get("template", {}).get("metadata", {}).get("labels", {})
            selected = policies["nothing-in"]["podSelector"]["matchLabels"]
            assert not labels or labels.items() >= selected.items(), name(resource)
