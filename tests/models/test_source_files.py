"""What people write is told from what is copied, generated or prose by its path."""

import pytest

from models.source_files import is_source


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
