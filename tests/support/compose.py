"""The compose file, as Docker reads it with one of the environments."""

import re
from typing import Any

import yaml

from tests.support.checkout import ROOT

ENVIRONMENTS = ROOT / "ops" / "environments"
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def text() -> str:
    return (ROOT / "docker-compose.yml").read_text("utf-8")


def environment(name: str) -> dict[str, str]:
    lines = (ENVIRONMENTS / f"{name}.env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def read(told: dict[str, str]) -> dict[str, Any]:
    """With every variable replaced; an assertion where one is needed and not told."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        assert told.get(name) or kind == "-", f"{name} has to be told"
        return told.get(name) or rest

    made: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(value, text()))
    return made


def variables() -> set[str]:
    return {found.group(1) for found in _VARIABLE.finditer(text())}
