"""What people write is told from what is copied, generated or prose by its path."""

import pytest

from models.source_files import is_configuration, is_source, is_test


@pytest.mark.parametrize(
    "path", ["a.py", "src/Main.java", "lib/x.JS", "Makefile", "docker/Dockerfile", "distance.c"]
)
def test_what_people_write_is_source(path: str) -> None:
    assert is_source(path)


@pytest.mark.parametrize(
    "path",
    [
        "README.md", "LICENSE", "data.json", "vendor/a.py", "third-party/b.c", "docs/conf.py",
        "node_modules/x/index.js", "x.min.js", "jquery-1.7.js", "api_pb2.py", "py", ".github/a.sh",
    ],
)  # fmt: skip
def test_what_is_copied_generated_or_prose_is_none(path: str) -> None:
    assert not is_source(path)


@pytest.mark.parametrize(
    "path",
    ["tests/a.py", "src/test/java/A.java", "pkg/test_x.py", "a_test.go", "x.spec.ts",
     "src/PayTest.java", "conftest.py", "__tests__/a.js"],
)  # fmt: skip
def test_what_tests_is_told_by_its_path(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", ["attest.py", "contest/a.py", "latest.js", "src/testimony.go"])
def test_what_is_only_called_so_is_none(path: str) -> None:
    assert not is_test(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [(".env", True), ("app/.env.production", True), ("deploy.yml", True), ("id_rsa", True),
     ("env", True), ("a.md", False), ("vendor/x/deploy.yml", False), ("fixtures/a.pem", False)],
)  # fmt: skip
def test_settings_and_keys_are_where_secrets_are_left(path: str, *, expected: bool) -> None:
    assert is_configuration(path) is expected
