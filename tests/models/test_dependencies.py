"""What is written in a manifest is what a project depends on."""

import json

import pytest

from models.dependencies import dependencies, is_manifest

Said = tuple[str, str, str | None, bool]


def said(path: str, text: str) -> list[Said]:
    return [
        (one.name, one.wanted, one.version, one.is_development) for one in dependencies(path, text)
    ]


def test_requirements_are_read_with_their_pins() -> None:
    text = (
        "# ours\n-r other.txt\nFlask_Login[x] >=2, <3 ; python_version > '3.8'\n"
        "django==5.0.1 \\\n    --hash=sha256:aa\nrequests\nstar==1.*\ngit+https://host/a/b\n"
    )

    assert said("requirements.txt", text) == [
        ("django", "==5.0.1", "5.0.1", False), ("flask-login", ">=2, <3", None, False),
        ("requests", "", None, False), ("star", "==1.*", None, False),
    ]  # fmt: skip
    assert said("requirements-dev.txt", "pytest==8\n") == [("pytest", "==8", "8", True)]


def test_pyproject_has_groups() -> None:
    text = """
        [project]
        dependencies = ["numpy>=2"]
        optional-dependencies = {ai = ["ruff==0.17.6"]}
        [dependency-groups]
        dev = ["pytest", {include-group = "docs"}]
    """

    assert said("a/pyproject.toml", text) == [
        ("numpy", ">=2", None, False), ("pytest", "", None, True),
        ("ruff", "==0.17.6", "0.17.6", False),
    ]  # fmt: skip


def test_npm_tells_ranges_from_versions() -> None:
    manifest = {"dependencies": {"a": "1.2.3", "b": "^1.2.3"}, "devDependencies": {"c": "latest"}}
    packages = {
        "": {"version": "9"},
        "node_modules/a": {"version": "1.2.3"},
        "node_modules/x/node_modules/c": {"version": "4.0.0", "dev": True},
    }

    assert said("package.json", json.dumps(manifest)) == [
        ("a", "1.2.3", "1.2.3", False), ("b", "^1.2.3", None, False), ("c", "latest", None, True),
    ]  # fmt: skip
    assert said("package-lock.json", json.dumps({"packages": packages})) == [
        ("a", "1.2.3", "1.2.3", False), ("c", "4.0.0", "4.0.0", True),
    ]  # fmt: skip


def test_cargo_and_go_have_their_own_words() -> None:
    cargo = '[dependencies]\na = "1.2.3"\nb = "=1.2.3"\nc = {version = "0.4", features = []}\n'
    module = "module x\ngo 1.22\nrequire (\n\tgithub.com/a/b v1.2.3 // indirect\n)\n"

    assert said("Cargo.toml", cargo) == [
        ("a", "1.2.3", None, False), ("b", "=1.2.3", "1.2.3", False), ("c", "0.4", None, False),
    ]  # fmt: skip
    assert said("go.mod", module) == [("github.com/a/b", "v1.2.3", "v1.2.3", False)]


def test_a_lock_file_knows_every_version() -> None:
    (found,) = dependencies("uv.lock", '[[package]]\nname = "a"\nversion = "1.0"\n')

    assert (found.version, found.is_locked, found.ecosystem) == ("1.0", True, "pypi")


@pytest.mark.parametrize(
    ("path", "text"),
    [("package.json", "[]"), ("package.json", "{"), ("package.json", '{"dependencies": [1]}'),
     ("pyproject.toml", "= 1"), ("pyproject.toml", "project = 1"), ("uv.lock", "package = [1]"),
     ("package.json", "[" * 100_000), ("requirements.txt", "\0\n;;;\n==1\n")],
)  # fmt: skip
def test_what_cannot_be_read_has_none(path: str, text: str) -> None:
    assert dependencies(path, text) == []


def test_manifests_are_told_by_their_names() -> None:
    assert is_manifest("sub/requirements.in.txt")
    assert not is_manifest("docs/notes.txt")
