"""The commands about models."""

import json
from pathlib import Path

from gitinsight.cards.catalogue import card
from tests.flows.conftest import Gitinsight
from tests.support.labelled import write_accounts


def test_models_are_listed_and_trained_anew(gitinsight: Gitinsight, tmp_path: Path) -> None:
    number = card("actors").version + 1
    _, out, _ = gitinsight("models", "--json")
    assert {one["model"] for one in json.loads(out)} == {
        card("actors").definition, card("sentiment").definition,
    }  # fmt: skip
    write_accounts(tmp_path, size=200)

    code, out, _ = gitinsight("retrain", "actors", "--data", str(tmp_path), "--json")

    assert code == 0
    assert json.loads(out)[0]["definition"] == f"actors@{number}"
    _, out, _ = gitinsight("models", "--json")
    assert f"actors@{number}" in {one["model"] for one in json.loads(out)}


def test_without_data_nothing_is_trained(gitinsight: Gitinsight) -> None:
    code, _, err = gitinsight("retrain")

    assert code == 1
    assert "no labelled data to train with" in err
