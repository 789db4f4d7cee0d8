"""Without the recorded data a benchmark says so."""

from pathlib import Path

import pytest

from benchmarks import replay
from benchmarks.replay import Charged, Missing


def test_missing_data_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "FOLDER", tmp_path / "shared" / "replay")

    with pytest.raises(Missing, match=r"no recorded data in \.\./shared/replay"), replay.serving():
        pass


def test_requests_and_points_are_charged_together() -> None:
    assert Charged(requests=7, points=3, endpoints={}).total == 10
