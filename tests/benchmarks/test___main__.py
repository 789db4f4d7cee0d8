"""`make bench` knows its benchmarks by name and goes on where one cannot run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks import figures, replay
from benchmarks.figures import Figure


def test_a_name_that_is_none_lists_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["no-such"]) == 1

    said = capsys.readouterr().out
    assert "no benchmark is called no-such" in said
    assert all(name in said for name in program.BENCHMARKS)


def test_a_benchmark_without_its_data_is_skipped_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replay, "FOLDER", tmp_path / "replay")
    monkeypatch.setattr(figures, "rewrite_tables", lambda: None)

    assert program.main(["quiet-poll"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("quiet-poll is skipped: no recorded data")


@pytest.mark.parametrize("name", program.BENCHMARKS)
def test_every_benchmark_gives_figures(name: str) -> None:
    measured: Iterator[Figure] = program.BENCHMARKS[name]()

    assert iter(measured) is measured
