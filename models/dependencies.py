"""What a manifest or a lock file says that a project depends on: as written, and no registry is
asked about it.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gitinsight.code.facts import Dependency

_MANIFEST = re.compile(
    r"(^|/)(requirements[\w.-]*\.txt|pyproject\.toml|poetry\.lock|uv\.lock|package\.json"
    r"|package-lock\.json|Cargo\.toml|Cargo\.lock|go\.mod)$"
)
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?(?P<wanted>[^;#)]*)"
)
_PYTHON_PIN = re.compile(r"===?\s*([^\s,*]+)$")
_EXACT = re.compile(r"=?\s*v?(\d+\.\d+\.\d+[\w.+-]*)$")
_GO = re.compile(r"^\s*(?:require\s+)?([\w./~-]+\.[\w./~-]+)\s+(v[\w.+-]+)", re.MULTILINE)
_DEVELOPMENT = re.compile(r"dev|test|lint|docs?|ci", re.IGNORECASE)

Parser = Callable[[str], Iterator[Dependency]]


def is_manifest(path: str) -> bool:
    return _MANIFEST.search(path) is not None


def dependencies(path: str, text: str) -> list[Dependency]:
    """Each once, in the order of their names; nothing of a file that cannot be read."""
    name = path.rpartition("/")[2]
    parse = _requirements(name) if name.endswith(".txt") else _PARSERS[name]
    try:
        found = {(one.name, one.wanted): one for one in parse(text)}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return []  # no TOML or JSON, or of another shape than such a file has
    return [found[key] for key in sorted(found)]


def _python(said: str, *, is_development: bool = False) -> Iterator[Dependency]:
    found = _REQUIREMENT.match(said.strip())
    if found is None:
        return
    wanted = found["wanted"].strip()
    pinned = _PYTHON_PIN.match(wanted)
    # PEP 503: these are one name.
    name = re.sub(r"[-_.]+", "-", found["name"]).lower()
    yield Dependency("pypi", name, wanted, pinned and pinned[1], is_development, is_locked=False)


def _requirements(name: str) -> Parser:
    def parse(text: str) -> Iterator[Dependency]:
        for line in text.replace("\\\n", " ").splitlines():
            said = re.split(r"\s(?:#|--hash)", line.strip())[0]
            if said and not said.startswith(("#", "-")) and "://" not in said.split(";")[0]:
                yield from _python(said, is_development=bool(_DEVELOPMENT.search(name)))

    return parse


def _pyproject(text: str) -> Iterator[Dependency]:
    told = tomllib.loads(text)
    project = told.get("project", {})
    for said in project.get("dependencies", []):
        yield from _python(said)
    groups = {**project.get("optional-dependencies", {}), **told.get("dependency-groups", {})}
    for group, listed in groups.items():
        for said in listed:
            if isinstance(said, str):  # a group may name another one
                yield from _python(said, is_development=bool(_DEVELOPMENT.search(group)))


def _package_json(text: str) -> Iterator[Dependency]:
    told = json.loads(text)
    for field, is_development in (("dependencies", False), ("optionalDependencies", False),
                                  ("devDependencies", True)):  # fmt: skip
        yield from _named("npm", told.get(field) or {}, is_development=is_development)


def _package_lock(text: str) -> Iterator[Dependency]:
    for place, facts in (json.loads(text).get("packages") or {}).items():
        name = place.rpartition("node_modules/")[2]
        if place and "version" in facts:
            version = str(facts["version"])
            yield Dependency("npm", name, version, version, bool(facts.get("dev")), is_locked=True)


def _cargo(text: str) -> Iterator[Dependency]:
    told = tomllib.loads(text)
    for field, is_development in (("dependencies", False), ("build-dependencies", False),
                                  ("dev-dependencies", True)):  # fmt: skip
        yield from _named("cargo", told.get(field) or {}, is_development=is_development)


def _named(
    ecosystem: str, listed: Mapping[str, Any], *, is_development: bool
) -> Iterator[Dependency]:
    """A name with what is wanted of it. A caret or nothing before a version is a range in both."""
    for name, said in listed.items():
        wanted = str(said.get("version", "") if isinstance(said, Mapping) else said).strip()
        exact = _EXACT.match(wanted)
        is_pinned = exact and (ecosystem == "npm" or wanted.startswith("="))
        yield Dependency(
            ecosystem, name, wanted, exact[1] if exact and is_pinned else None, is_development,
            is_locked=False,
        )  # fmt: skip


def _locked(ecosystem: str) -> Parser:
    def parse(text: str) -> Iterator[Dependency]:
        listed: Iterable[Mapping[str, Any]] = tomllib.loads(text).get("package", [])
        for one in listed:
            if "version" in one:
                version = str(one["version"])
                yield Dependency(
                    ecosystem, str(one["name"]), version, version, is_development=False,
                    is_locked=True,
                )  # fmt: skip

    return parse


def _go_mod(text: str) -> Iterator[Dependency]:
    """A version in it is the least, and what is built with unless another module wants more."""
    for name, version in _GO.findall(text):
        yield Dependency("go", name, version, version, is_development=False, is_locked=False)


_PARSERS: Mapping[str, Parser] = {
    "pyproject.toml": _pyproject, "poetry.lock": _locked("pypi"), "uv.lock": _locked("pypi"),
    "package.json": _package_json, "package-lock.json": _package_lock, "Cargo.toml": _cargo,
    "Cargo.lock": _locked("cargo"), "go.mod": _go_mod,
}  # fmt: skip
