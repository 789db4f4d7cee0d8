"""Tests lie where their module lies, and no module grows beyond what a head holds."""

import ast
from pathlib import Path

import pytest

from tests.support.checkout import PACKAGES, ROOT, sources, suites

_WITHOUT_MODULE = {"architecture", "acceptance", "e2e", "ops", "support", "web"}
_TESTED_AS_ONE = {"tables", "migrations", "versions"}
"""Declared tables and the migrations that make them are compared with each other, all at once."""
_LINES = 400


def _test_of(source: Path) -> Path:
    relative = source.relative_to(ROOT)
    return ROOT / "tests" / relative.with_name(f"test_{relative.name}")


def _defines_something(source: Path) -> bool:
    """Declarations alone need no test of their own: what reads them is tested."""
    tree = ast.parse(source.read_text("utf-8"))
    return any(isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) for one in ast.walk(tree))


@pytest.mark.parametrize("source", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_has_its_test(source: Path) -> None:
    if source.parent.name in _TESTED_AS_ONE:
        return
    assert not _defines_something(source) or _test_of(source).is_file()


def test_every_test_has_its_module() -> None:
    lonely = [
        path.relative_to(ROOT)
        for path in suites()
        if path.name.startswith("test_")
        and path.relative_to(ROOT / "tests").parts[0] not in _WITHOUT_MODULE
        and not _module_of(path).is_file()
    ]

    assert lonely == []


def _module_of(test: Path) -> Path:
    relative = test.relative_to(ROOT / "tests")
    return ROOT / relative.with_name(relative.name.removeprefix("test_"))


def test_no_module_is_too_long_to_read() -> None:
    migrations = ROOT / "warehouse" / "migrations" / "versions"
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (*sources(), *suites())
        if not path.is_relative_to(migrations)
        and (lines := len(path.read_text("utf-8").splitlines())) > _LINES
    }

    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]

    assert silent == []
    assert {path.relative_to(ROOT).parts[0] for path in sources()} == set(PACKAGES)
