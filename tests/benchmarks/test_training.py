"""When new weights take the place of the old ones."""

from pathlib import Path

import pytest

from benchmarks import gold, training
from benchmarks.training import is_worse
from gitinsight.cards.catalogue import Measurement


def measured(github: float, senti4sd: float) -> tuple[Measurement, ...]:
    return tuple(
        Measurement(name="macro-F1", test=test, value=value, low=0, high=1)
        for test, value in (("github", github), ("senti4sd", senti4sd))
    )


def test_weights_that_are_worse_on_either_set_stay_out() -> None:
    held = measured(0.88, 0.86)

    assert is_worse(measured(0.92, 0.85), held) == ["senti4sd"]
    assert is_worse(measured(0.88, 0.87), held) == []
    assert is_worse(measured(0.5, 0.5), ()) == []


def test_without_the_data_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gold.gold, "__kwdefaults__", {"folder": tmp_path})

    assert training.main(tmp_path) == 75
    assert "nothing is trained: no labelled texts" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
