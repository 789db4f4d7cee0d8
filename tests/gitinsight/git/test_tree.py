"""Files of a commit, and what is in them."""

from pathlib import Path

import pytest

from gitinsight.errors import MirrorBroken
from gitinsight.git.mirror import Mirror
from gitinsight.git.tree import contents, entries
from tests.support.git import GitRepository

BIG = bytes(range(256)) * 1_000


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    repository = GitRepository(tmp_path / "remote")
    repository.commit(
        {"a.py": "x = 1\n", "dir/b c.bin": BIG, 'odd\n"name".txt': "", "same.py": "x = 1\n"}
    )
    mirror = Mirror(tmp_path / "mirror", str(repository.path))
    mirror.fetch()
    return mirror


def test_every_file_of_a_commit_is_told(mirror: Mirror) -> None:
    found = {one.path: one for one in entries(mirror, "main")}

    assert {path: one.size for path, one in found.items()} == {
        "a.py": 6, "dir/b c.bin": len(BIG), 'odd\n"name".txt': 0, "same.py": 6,
    }  # fmt: skip
    assert found["a.py"].blob_id == found["same.py"].blob_id


def test_contents_come_to_the_byte_and_in_order(mirror: Mirror) -> None:
    wanted = [one.blob_id for one in entries(mirror, "main")] * 2

    found = list(contents(mirror, wanted))

    assert [blob_id for blob_id, _ in found] == wanted
    assert [text for _, text in found] == [b"x = 1\n", BIG, b"", b"x = 1\n"] * 2
    assert list(contents(mirror, [])) == []


def test_a_commit_that_is_not_there_is_a_broken_mirror(mirror: Mirror) -> None:
    with pytest.raises(MirrorBroken):
        list(entries(mirror, "0" * 40))
    with pytest.raises(MirrorBroken, match="missing"):
        list(contents(mirror, ["0" * 40]))
