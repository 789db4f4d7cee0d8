"""What the package carries is decided as in an installation that trains for itself."""

from pathlib import Path

import pytest

from benchmarks import training_actors
from flows.steps.retraining import retrain
from models.actors_weights import packed, unpacked
from tests.support.labelled import turn_round, write_accounts
from tests.support.rows import AT
from warehouse.engine import Engine


def place(tmp_path: Path) -> Path:
    for name in ("models/weights", "gitinsight/cards"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path / "models" / "weights" / "actors.npz"


def test_one_that_is_worse_stays_out_with_the_words_of_the_flow(
    warehouse: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = place(tmp_path)
    write_accounts(tmp_path, size=200)
    assert training_actors.main(tmp_path, data=tmp_path) == 0
    retrain(warehouse, "actors", tmp_path, at=AT)
    good = weights.read_bytes()
    assert packed(unpacked(good)) == good
    turn_round(tmp_path)

    assert training_actors.main(tmp_path, data=tmp_path) == 1

    assert weights.read_bytes() == good
    verdict = retrain(warehouse, "actors", tmp_path, at=AT).verdict
    assert verdict.startswith("worse on held out")
    assert f"stays: {verdict}\n" in capsys.readouterr().out


def test_without_the_data_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = place(tmp_path)

    assert training_actors.main(tmp_path, data=tmp_path / "nowhere") == 75

    assert "nothing is trained" in capsys.readouterr().out
    assert not weights.exists()
