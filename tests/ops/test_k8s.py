"""The manifests for Kubernetes: of the shapes that it takes, and fitting each other."""

import base64
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
import yaml

from api.hosts import Hosts
from gitinsight.settings import Settings
from tests.support import compose, kustomize
from tests.support.checkout import ROOT
from tests.support.kustomize import Manifest

OVERLAYS = ("development", "staging", "production")
WORKLOADS = {"Deployment", "StatefulSet", "Job"}
_NAME = "app.kubernetes.io/name"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files with secrets that are none where somebody would put his own."""
    tree = tmp_path_factory.mktemp("k8s")
    shutil.copytree(ROOT / "k8s", tree / "k8s", ignore=shutil.ignore_patterns("secrets"))
    shutil.copytree(ROOT / "ops" / "nginx", tree / "ops" / "nginx")
    for overlay in OVERLAYS:
        directory = tree / "k8s" / "overlays" / overlay
        told = yaml.safe_load((directory / "kustomization.yaml").read_text("utf-8"))
        for generator in told["secretGenerator"]:
            for file in generator.get("files", []):
                (directory / file).parent.mkdir(exist_ok=True)
                (directory / file).write_text("postgresql://u:p@h/d")
    return tree


def told_by(overlay: list[Manifest]) -> dict[str, str]:
    """The secret that processes of ours are told."""
    (secret,) = [
        one for one in of_kind(overlay, "Secret") if one["metadata"]["name"] == "gitinsight"
    ]
    return {name: base64.b64decode(text).decode() for name, text in secret["data"].items()}


@pytest.fixture(scope="module", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest, tree: Path) -> list[Manifest]:
    return kustomize.build(tree / "k8s" / "overlays" / request.param)


def model_of(manifest: Manifest) -> type:
    """Its type as Kubernetes 1.37 has it, generated from its own schema."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    module = f"{group.partition('.')[0] or 'core'}_{version}"
    found: type = getattr(import_module(f"lightkube.models.{module}"), manifest["kind"])
    return found


def check(manifest: Manifest) -> None:
    """Nothing of another type, nothing missing, and nothing that is not known."""
    made = msgspec.convert(manifest, model_of(manifest))
    unknown = set(_paths(manifest)) - set(_paths(msgspec.to_builtins(made)))
    if unknown:
        raise msgspec.ValidationError(f"not known: {sorted(unknown)}")


def _paths(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield f"{path}.{name}"
            yield from _paths(one, f"{path}.{name}")
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _paths(one, f"{path}.{number}")


def of_kind(found: list[Manifest], *kinds: str) -> list[Manifest]:
    return [one for one in found if one["kind"] in kinds]


def pods(found: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """(name of the workload, its template)."""
    for one in of_kind(found, *WORKLOADS):
        yield one["metadata"]["name"], one["spec"]["template"]


def containers(found: list[Manifest]) -> Iterator[tuple[str, Manifest, Manifest]]:
    """(name of the workload, its pod, one of its containers)."""
    for name, template in pods(found):
        for one in template["spec"]["containers"]:
            yield name, template["spec"], one


def test_every_manifest_has_the_shape_that_kubernetes_takes(overlay: list[Manifest]) -> None:
    for manifest in overlay:
        check(manifest)

    assert {one["kind"] for one in overlay} >= {
        "Namespace", "ConfigMap", "Secret", "Deployment", "Service", "Ingress", "Job",
        "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "replica"), 1),
        (("spec", "template", "spec", "containers", 0, "ports"), {"http": 1}),
        (("spec", "template", "spec", "containers", 0, "readinesProbe"), {}),
        (("spec", "replicas"), "two"),
    ],
)
def test_a_manifest_of_another_shape_is_refused(
    tree: Path, path: tuple[str | int, ...], value: Any
) -> None:
    (api,) = [
        one
        for one in of_kind(kustomize.build(tree / "k8s" / "base"), "Deployment")
        if one["metadata"]["name"] == "api"
    ]
    place: Any = api
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value

    with pytest.raises(msgspec.ValidationError):
        check(api)


def test_names_are_used_once(overlay: list[Manifest]) -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in overlay]

    assert len(names) == len(set(names))
    spaces = {one["metadata"].get("namespace") for one in overlay if one["kind"] != "Namespace"}
    (namespace,) = of_kind(overlay, "Namespace")
    assert spaces == {namespace["metadata"]["name"]}


def test_every_map_secret_and_account_that_is_named_is_there(overlay: list[Manifest]) -> None:
    held = {(one["kind"], one["metadata"]["name"]) for one in overlay}

    named = set()
    for _, template in pods(overlay):
        spec = template["spec"]
        named.add(("ServiceAccount", spec["serviceAccountName"]))
        for volume in spec.get("volumes", []):
            if "configMap" in volume:
                named.add(("ConfigMap", volume["configMap"]["name"]))
            if "secret" in volume:
                named.add(("Secret", volume["secret"]["secretName"]))
    for _, _, one in containers(overlay):
        named |= {
            ("ConfigMap", source["configMapRef"]["name"]) for source in one.get("envFrom", [])
        }
    assert named <= held


def test_every_volume_that_is_mounted_is_there(overlay: list[Manifest]) -> None:
    claims = {
        claim["metadata"]["name"]
        for one in of_kind(overlay, "StatefulSet")
        for claim in one["spec"].get("volumeClaimTemplates", [])
    }
    for _, pod, one in containers(overlay):
        held = {volume["name"] for volume in pod.get("volumes", [])}
        assert {mount["name"] for mount in one.get("volumeMounts", [])} <= held | claims


def test_every_selector_selects_pods_and_every_port_is_one_of_theirs(
    overlay: list[Manifest],
) -> None:
    labels = [template["metadata"]["labels"] for _, template in pods(overlay)]
    ports = {
        template["metadata"]["labels"][_NAME]: {
            port["name"]: port["containerPort"]
            for one in template["spec"]["containers"]
            for port in one.get("ports", [])
        }
        for _, template in pods(overlay)
        if _NAME in template["metadata"]["labels"]
    }
    for one in of_kind(overlay, *WORKLOADS - {"Job"}):
        wanted = one["spec"]["selector"]["matchLabels"]
        assert wanted.items() <= one["spec"]["template"]["metadata"]["labels"].items()
    for one in of_kind(overlay, "Service"):
        selector = one["spec"]["selector"]
        assert any(selector.items() <= found.items() for found in labels)
        for port in one["spec"]["ports"]:
            assert ports[selector[_NAME]][port["targetPort"]] == port["port"]
    for one in of_kind(overlay, "PodDisruptionBudget"):
        assert one["spec"]["selector"]["matchLabels"][_NAME] in ports
    for one in of_kind(overlay, "NetworkPolicy"):
        for name in _names_in(one["spec"]):
            assert name in ports


def _names_in(spec: Any) -> Iterator[str]:
    """The workloads that a policy names, wherever in it."""
    if isinstance(spec, list):
        for one in spec:
            yield from _names_in(one)
    if isinstance(spec, dict):
        if _NAME in spec:
            yield spec[_NAME]
        if spec.get("key") == _NAME:
            yield from spec["values"]
        for one in spec.values():
            yield from _names_in(one)


def test_policies_let_through_what_the_settings_name(overlay: list[Manifest]) -> None:
    """An address that a process is told is one that it may speak to."""
    policies = of_kind(overlay, "NetworkPolicy")
    way = {"redis": ("api", 6379), "prefect": ("worker", 4200), "api": ("gateway", 8000)}
    for target, (source, port) in way.items():
        (inward,) = [one for one in policies if one["metadata"]["name"] == target]
        assert source in set(_names_in(inward["spec"]["ingress"]))
        assert inward["spec"]["ingress"][0]["ports"][0]["port"] == port
        outward = [
            rule
            for one in policies
            if source in set(_names_in(one["spec"]["podSelector"]))
            for rule in one["spec"].get("egress", [])
            if target in set(_names_in(rule))
        ]
        assert [rule["ports"][0]["port"] for rule in outward] == [port]


@pytest.mark.parametrize("overlay_name", ["staging", "production"])
def test_a_broker_and_the_catalogue_are_added_to_an_overlay_as_the_guide_says(
    tree: Path, tmp_path: Path, overlay_name: str
) -> None:
    shutil.copytree(tree, tmp_path, dirs_exist_ok=True)
    directory = tmp_path / "k8s" / "overlays" / overlay_name
    told = yaml.safe_load((directory / "kustomization.yaml").read_text("utf-8"))
    (guide,) = re.findall(
        r"```yaml\n(components:.*?)```",
        (ROOT / "docs" / "deployment.md").read_text("utf-8"),
        re.DOTALL,
    )
    added = yaml.safe_load(guide)
    ours, broker = added["secretGenerator"]
    told["secretGenerator"][0]["files"] += ours["files"]
    told["secretGenerator"].append(broker)
    told["components"] = [*added["components"], "../../components/catalog"]
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(told))
    for file in (*ours["files"], *broker["files"]):
        (directory / file).write_text("amqp://u:p@broker:5672/")

    found = kustomize.build(directory)

    for manifest in found:
        check(manifest)
    test_every_map_secret_and_account_that_is_named_is_there(found)
    test_names_are_used_once(found)
    assert told_by(found)["GITINSIGHT_MESSAGES__URL"] == "amqp://u:p@broker:5672/"


def test_the_broker_of_a_laptop_is_the_one_that_the_worker_is_told(tree: Path) -> None:
    overlay = kustomize.build(tree / "k8s" / "overlays" / "development")
    (secret,) = [one for one in of_kind(overlay, "Secret") if one["metadata"]["name"] == "broker"]
    address = urlsplit(told_by(overlay)["GITINSIGHT_MESSAGES__URL"])
    (container,) = [one for name, _, one in containers(overlay) if name == "broker"]

    account = base64.b64decode(secret["data"]["account.conf"]).decode().splitlines()
    assert account == [
        f"default_user = {address.username}", f"default_pass = {address.password}"
    ]  # fmt: skip
    assert (address.hostname, address.port) == ("broker", container["ports"][0]["containerPort"])
    assert container["image"] == compose.read({})["services"]["broker"]["image"]
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind(overlay, "NetworkPolicy")}
    for name, way in (("broker", "ingress"), ("messages", "egress")):
        assert {"broker", "worker"} == set(_names_in(policies[name]))
        assert policies[name][way][0]["ports"][0]["port"] == address.port


def test_the_ingress_leads_to_the_gateway(overlay: list[Manifest]) -> None:
    (ingress,) = of_kind(overlay, "Ingress")
    services = {one["metadata"]["name"]: one for one in of_kind(overlay, "Service")}

    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            backend = path["backend"]["service"]
            names = {port["name"] for port in services[backend["name"]]["spec"]["ports"]}
            assert backend["port"]["name"] in names
    hosts = {host for one in ingress["spec"]["tls"] for host in one["hosts"]}
    assert hosts == {rule["host"] for rule in ingress["spec"]["rules"]}


def test_what_scales_is_there_and_names_no_number_of_its_own(overlay: list[Manifest]) -> None:
    deployments = {one["metadata"]["name"]: one for one in of_kind(overlay, "Deployment")}
    scaled = of_kind(overlay, "HorizontalPodAutoscaler")

    assert {one["metadata"]["name"] for one in scaled} == {"api", "worker"}
    for one in scaled:
        target = one["spec"]["scaleTargetRef"]["name"]
        assert "replicas" not in deployments[target]["spec"]
        (container,) = deployments[target]["spec"]["template"]["spec"]["containers"]
        assert container["resources"]["requests"]["cpu"]
        assert one["spec"]["minReplicas"] <= one["spec"]["maxReplicas"]


def test_pods_are_confined_bounded_and_probed(overlay: list[Manifest]) -> None:
    for name, pod, one in containers(overlay):
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name  # fmt: skip
        assert one["resources"]["limits"]["memory"]
        assert one["resources"]["requests"].keys() == {"cpu", "memory"}
        assert ":" in one["image"], "an image has a version"
        assert not one["image"].endswith(":latest")
        if name != "migrate":
            assert "livenessProbe" in one
            assert "readinessProbe" in one or name == "worker"
        declared = {port["name"] for port in one.get("ports", [])}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if "httpGet" in one.get(probe, {}):
                assert one[probe]["httpGet"]["port"] in declared


def test_what_runs_is_what_compose_runs(overlay: list[Manifest]) -> None:
    services = compose.read({})["services"]

    ours = {
        name: one["args"] for name, _, one in containers(overlay) if "gitinsight" in one["image"]
    }
    images = {one["image"] for _, _, one in containers(overlay) if "gitinsight" in one["image"]}
    assert len(images) == 1, "all are of one version"
    assert ours.keys() - {"catalog"} == {"api", "migrate", "prefect", "worker"}
    for name, arguments in ours.items():
        told = [word for word in arguments if word not in {"--host", "0.0.0.0"}]  # noqa: S104
        assert told == [
            word
            for word in services[name]["command"]
            if word not in {"--host", "0.0.0.0"}  # noqa: S104
        ]


def test_processes_are_told_settings_that_exist(
    overlay: list[Manifest], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (settings,) = [
        one for one in of_kind(overlay, "ConfigMap") if one["metadata"]["name"] == "settings"
    ]
    secret = told_by(overlay)
    for name, value in settings["data"].items():
        monkeypatch.setenv(name, value)
    for name, text in secret.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("GITINSIGHT_SECRETS_DIR", str(tmp_path))

    told = Settings()

    assert told.warehouse_url == secret["GITINSIGHT_WAREHOUSE__URL"]
    assert told.auth.mode == "required"
    if told.auth.public_url is not None:  # agents come by that name
        assert Hosts(told.api.hosts).has(urlsplit(told.auth.public_url).netloc)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("name", OVERLAYS)
def test_kustomize_makes_the_same_of_it(tree: Path, name: str) -> None:
    place = tree / "k8s" / "overlays" / name
    done = subprocess.run(
        ["kubectl", "kustomize", place], capture_output=True, text=True, check=True
    )

    made = list(yaml.safe_load_all(done.stdout))
    assert sorted(map(_told, made)) == sorted(map(_told, kustomize.build(place)))


def _told(manifest: Manifest) -> str:
    """As text, names of generated things without their digests, what is sealed in one line."""
    if manifest["kind"] == "Secret":
        data = {name: "".join(text.split()) for name, text in manifest["data"].items()}
        manifest = manifest | {"data": data}
    text = yaml.safe_dump(manifest, sort_keys=True)
    for name in ("settings", "gateway", "gitinsight", "broker"):
        text = _without_digest(text, name)
    return text


def _without_digest(text: str, name: str) -> str:
    return re.sub(rf"\b{name}-[a-z0-9]{{10}}\b", name, text)
