"""Reading what people have labelled."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from flows.steps.labelled import accounts, texts
from gitinsight.errors import BrokenEnvironment
from models.behaviour import FEATURES
from tests.support.labelled import write_accounts


def test_accounts_come_with_their_numbers_and_labels(tmp_path: Path) -> None:
    write_accounts(tmp_path, size=6)

    found = accounts(tmp_path)

    assert len(found.logins) == 6
    assert found.labels.tolist() == [0, 1] * 3
    assert found.numbers.shape == (6, len(FEATURES))
    assert found.numbers[2, 0] == 2
    assert np.isnan(found.numbers[2, FEATURES.index("switch_mean")])


def test_texts_are_read_plain_and_by_their_split(tmp_path: Path) -> None:
    rows = [
        {"text": "Thanks `x`!", "label": 1, "split": "train"},
        {"text": "Bad", "label": -1, "split": "test"},
    ]
    for name in ("github", "senti4sd"):
        with gzip.open(tmp_path / f"sentiment_{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(one) + "\n" for one in rows)

    found = texts(tmp_path, "train")

    assert list(found) == ["github", "senti4sd"]
    assert found["github"].labels.tolist() == [2]
    assert "x" not in found["github"].texts[0]
    assert texts(tmp_path, "test")["github"].texts == ("Bad",)


def test_without_the_files_it_says_which(tmp_path: Path) -> None:
    with pytest.raises(BrokenEnvironment, match=r"no .*bots_train_feat\.csv"):
        accounts(tmp_path)
    with pytest.raises(BrokenEnvironment, match=r"no .*sentiment_github\.jsonl\.gz"):
        texts(tmp_path, "test")
