"""What kustomize would make of a directory: the part of it that our files use, and nothing else.

Names of generated maps and secrets stay as they are written, without the digest that kustomize
adds; so every reference is compared by the name that a reader sees.
"""

import base64
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
_KNOWN = {
    "apiVersion", "kind", "namespace", "labels", "resources", "components", "configMapGenerator",
    "secretGenerator", "images", "patches",
}  # fmt: skip
_OF_CLUSTER = {"Namespace"}


def build(directory: Path) -> list[Manifest]:
    told = yaml.safe_load((directory / "kustomization.yaml").read_text("utf-8"))
    assert told.keys() <= _KNOWN, f"{directory.name} uses {told.keys() - _KNOWN}"
    found: list[Manifest] = []
    for name in told.get("resources", []):
        place = directory / name
        if place.is_dir():
            found += build(place)
        else:
            found += [one for one in yaml.safe_load_all(place.read_text("utf-8")) if one]
    for one in told.get("configMapGenerator", []):
        _merge(found, one, _manifest("ConfigMap", one, _texts(directory, one)))
    for one in told.get("secretGenerator", []):
        texts = _texts(directory, one).items()
        sealed = {name: base64.b64encode(text.encode()).decode() for name, text in texts}
        _merge(found, one, _manifest("Secret", one, sealed) | {"type": "Opaque"})
    for name in told.get("components", []):
        found += build(directory / name)
    for patch in told.get("patches", []):
        _patch(found, patch)
    for image in told.get("images", []):
        _each_container(found, lambda one, image=image: _tag(one, image))  # type: ignore[misc]
    for manifest in found:
        _adorn(manifest, told)
    return found


def _texts(directory: Path, generator: Manifest) -> dict[str, str]:
    texts = dict(one.split("=", 1) for one in generator.get("literals", []))
    for one in generator.get("files", []):
        name, _, path = one.rpartition("=")
        texts[name or Path(path).name] = (directory / path).read_text("utf-8")
    return texts


def _manifest(kind: str, generator: Manifest, texts: dict[str, str]) -> Manifest:
    metadata = {"name": generator["name"]}
    if "namespace" in generator:
        metadata["namespace"] = generator["namespace"]
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": texts}


def _merge(found: list[Manifest], generator: Manifest, made: Manifest) -> None:
    if generator.get("behavior") != "merge":
        found.append(made)
        return
    (held,) = [one for one in found if _is(one, made["kind"], generator["name"])]
    held["data"] |= made["data"]


def _patch(found: list[Manifest], patch: Manifest) -> None:
    target = patch["target"]
    (held,) = [one for one in found if _is(one, target["kind"], target["name"])]
    for operation in yaml.safe_load(patch["patch"]):
        assert operation["op"] == "replace"
        *parents, last = operation["path"].strip("/").split("/")
        place: Any = held
        for part in parents:
            place = place[int(part) if isinstance(place, list) else part]
        key = int(last) if isinstance(place, list) else last
        assert place[key] is not None
        place[key] = operation["value"]


def _is(manifest: Manifest, kind: str, name: str) -> bool:
    return bool(manifest["kind"] == kind and manifest["metadata"]["name"] == name)


def _tag(container: Manifest, image: Manifest) -> None:
    if container["image"] == image["name"]:
        container["image"] = f"{image.get('newName', image['name'])}:{image['newTag']}"


def _each_container(found: list[Manifest], do: Callable[[Manifest], None]) -> None:
    for manifest in found:
        for one in (
            manifest.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
        ):
            do(one)


def _adorn(manifest: Manifest, told: Manifest) -> None:
    metadata = manifest["metadata"]
    if namespace := told.get("namespace"):
        if manifest["kind"] in _OF_CLUSTER:
            metadata["name"] = namespace
        else:
            metadata["namespace"] = namespace
    for one in told.get("labels", []):
        metadata["labels"] = metadata.get("labels", {}) | deepcopy(one["pairs"])
