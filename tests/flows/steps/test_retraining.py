"""A model that is trained anew is used where it is no worse."""

import gzip
import json
from hashlib import sha256
from pathlib import Path

import pytest

from flows.steps.retraining import MODELS, folder_of, retrain, trainable
from gitinsight.cards.catalogue import card
from gitinsight.errors import BrokenEnvironment, NotFound
from gitinsight.settings import Settings
from models import actors_weights
from models.actors import Verdict
from tests.support.labelled import turn_round, write_accounts
from tests.support.rows import AT, add_repository, fetch
from warehouse import activities, dirty, registry, trained
from warehouse.engine import Engine

NEXT = f"actors@{card('actors').version + 1}"


def used(warehouse: Engine) -> str:
    with warehouse.begin() as connection:
        return trained.accounts(connection)[1]


def test_one_that_is_better_on_what_is_held_out_is_used(warehouse: Engine, tmp_path: Path) -> None:
    """These accounts are unlike those that the package's was trained with."""
    write_accounts(tmp_path, size=200)

    found = retrain(warehouse, "actors", tmp_path, at=AT)

    assert (found.definition, found.is_new, found.is_published) == (NEXT, True, True)
    assert found.verdict.startswith("not worse: F1 on held out +")
    assert used(warehouse) == NEXT
    with warehouse.begin() as connection:
        held = registry.in_use(connection, "actors")
    assert held.content is not None
    assert held.card.sha256 == sha256(held.content).hexdigest()
    assert held.card.trained_on == AT.date()
    assert held.card.metrics[0].value > 0.9

    again = retrain(warehouse, "actors", tmp_path, at=AT)
    assert (again.definition, again.is_new) == (NEXT, False)


def test_what_the_version_before_has_said_is_said_anew(warehouse: Engine, tmp_path: Path) -> None:
    write_accounts(tmp_path, size=200)
    repository_id = add_repository(warehouse)
    with warehouse.begin() as connection:
        said = [Verdict("ann", 0.1, 20, "20 activities")]
        activities.store(connection, repository_id, said, model=used(warehouse), at=AT)

    assert retrain(warehouse, "actors", tmp_path, at=AT).is_published

    with warehouse.begin() as connection:
        assert dirty.unattended(connection, before=AT) == [repository_id]
        activities.store(connection, repository_id, said, model=NEXT, at=AT)
        dirty.clear(connection, dirty.due(connection, repository_id))
    turn_round(tmp_path)
    assert not retrain(warehouse, "actors", tmp_path, at=AT).is_published
    with warehouse.begin() as connection:
        assert dirty.unattended(connection, before=AT) == []


def test_one_that_is_worse_is_kept_out_and_its_figures_are_kept(
    warehouse: Engine, tmp_path: Path
) -> None:
    """What is in use judges well what is held out; what is learnt from is turned round."""
    write_accounts(tmp_path, size=200)
    retrain(warehouse, "actors", tmp_path, at=AT)
    turn_round(tmp_path)

    found = retrain(warehouse, "actors", tmp_path, at=AT)

    assert not found.is_published
    assert found.verdict.startswith("worse on held out: F1 on held out -")
    assert used(warehouse) == NEXT
    with warehouse.begin() as connection:
        assert fetch(
            connection,
            "select version, is_published, content is null from ops.model_versions order by 1",
        ) == [(card("actors").version + 1, True, False), (card("actors").version + 2, False, True)]


def test_tones_are_trained_and_judged_by_their_splits(tmp_path: Path) -> None:
    said = {-1: "awful broken bad", 0: "moved the module", 1: "lovely thanks fine"}
    for name in ("github", "senti4sd"):
        with gzip.open(tmp_path / f"sentiment_{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            for one in range(60):
                label, split = one % 3 - 1, "test" if one % 4 == 0 else "train"
                text = f"{said[label]} {'abcdefghij'[one % 10]}"
                row = {"text": text, "label": label, "split": split}
                file.write(json.dumps(row) + "\n")
    model = MODELS["sentiment"]

    content = model.train(tmp_path, model.shipped())

    judged = model.judge(tmp_path, content)
    assert list(judged) == ["github", "senti4sd"]
    for found, labels in judged.values():
        assert (found == labels).all()


def test_only_what_can_be_trained_is() -> None:
    assert trainable(None) == ["actors", "sentiment"]
    assert trainable(["sentiment"]) == ["sentiment"]
    with pytest.raises(NotFound, match="a model oracle that can be trained"):
        trainable(["oracle"])


def test_without_a_folder_of_data_it_says_what_to_set(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BrokenEnvironment, match="no labelled data"):
        folder_of(settings)
    named = settings.model_copy(
        update={"training": settings.training.model_copy(update={"data_dir": tmp_path})}
    )
    assert folder_of(named) == tmp_path


def test_the_package_carries_what_is_compared_with() -> None:
    assert MODELS["actors"].shipped() == actors_weights.FILE.read_bytes()
