"""When new weights take the place of the old ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks import gold, training
from benchmarks.gold import Gold
from benchmarks.training import is_worse, taken
from gitinsight.cards.catalogue import Card, Measurement, card
from models.sentiment import Floats
from models.sentiment_training import Labelled

MODELS = ("sentiment", "sentiment-cascade")
_WORDS = ("bad", "so", "good")
_HALF = Labelled(tuple(f"{_WORDS[one % 3]} {one}" for one in range(60)), np.arange(60) % 3)
SETS = dict.fromkeys(("github", "senti4sd"), Gold(_HALF, _HALF, _HALF.texts, _HALF.texts))


def knows(texts: Sequence[str]) -> Floats:
    return 0.98 * np.eye(3)[[_WORDS.index(one.split()[0]) for one in texts]] + 0.01


def guesses(texts: Sequence[str]) -> Floats:
    return knows([f"{_WORDS[place % 2]} x" for place in range(len(texts))])


def folder(tmp_path: Path) -> Path:
    for name in ("models/weights", "gitinsight/cards"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def measured(github: float, senti4sd: float) -> tuple[Measurement, ...]:
    return tuple(
        Measurement(name="macro-F1", test=test, value=value, low=value - 0.02, high=1)
        for test, value in (("github", github), ("senti4sd", senti4sd))
    )


def test_weights_that_are_worse_stay_out() -> None:
    held = measured(0.88, 0.86)

    assert is_worse(measured(0.90, 0.83), held) == ["senti4sd", "average"]
    assert is_worse(measured(0.94, 0.83), held) == ["senti4sd"]
    assert is_worse(measured(0.87, 0.86), held) == ["average"]
    assert is_worse(measured(0.89, 0.855), held) == []
    assert is_worse(measured(0.5, 0.5), ()) == []


def test_without_the_data_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gold.gold, "__kwdefaults__", {"folder": tmp_path})

    assert training.main(tmp_path) == 75
    assert "nothing is trained: no labelled texts" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_both_models_are_taken_with_one_version(tmp_path: Path) -> None:
    trained = {name: (name.encode(), knows) for name in MODELS}

    assert taken(folder(tmp_path), SETS, trained) == 0
    for name in MODELS:
        told = (tmp_path / "gitinsight" / "cards" / f"{name}.json").read_bytes()
        found = Card.model_validate_json(told)
        assert (found.id, found.version) == (name, card("sentiment").version + 1)
        assert found.size_bytes == len(name)
        assert (tmp_path / "models" / "weights" / f"{name}.npz").read_bytes() == name.encode()


@pytest.mark.parametrize("worse", MODELS)
def test_neither_is_taken_where_one_is_worse(
    tmp_path: Path, worse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = {name: (b"", guesses if name == worse else knows) for name in MODELS}

    assert taken(folder(tmp_path), SETS, trained) == 1
    assert f"{card(worse).definition} stays" in capsys.readouterr().out
    assert not [one for one in tmp_path.rglob("*") if one.is_file()]
