"""What people have labelled, as files that are named: what models are trained and judged with."""

import csv
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np

from gitinsight.errors import BrokenEnvironment
from models import actors_training, sentiment_training
from models.plain_text import plain

_TEXTS = ("github", "senti4sd")
_ACCOUNTS = ("bots_train_feat.csv", "bots_train_label.csv")
_PARTS = ("mean", "50%", "std", "gini", "IQR")
NUMBERS: tuple[str, ...] = (
    "feat_num_activities",
    "feat_num_activity_type",
    *(f"consecutive_activity_time_{part}" for part in _PARTS),
    *(f"time_to_switch_act_type_{part}" for part in _PARTS),
    *(f"activity_per_act_type_{part}" for part in _PARTS),
)
"""What ``models.behaviour.FEATURES`` are called there."""


class Comment(TypedDict):
    """``label`` is -1, 0 or 1."""

    text: str
    label: int
    split: str


def accounts(folder: Path) -> actors_training.Labelled:
    """Accounts that are humans or programs, with how they were active in all repositories."""
    numbers, labels = (_rows(folder / name) for name in _ACCOUNTS)
    is_bot = {one["contributor"]: one["bot"] == "1" for one in labels}
    return actors_training.Labelled(
        tuple(one["contributor"] for one in numbers),
        np.array([[float(one[name] or "nan") for name in NUMBERS] for one in numbers]),
        np.array([int(is_bot[one["contributor"]]) for one in numbers]),
    )


def texts(folder: Path, split: str) -> dict[str, sentiment_training.Labelled]:
    """Comments with their tone, by the set; ``split`` is train or test, as it was published."""
    return {name: plain_texts(comments(folder, name), split) for name in _TEXTS}


def comments(folder: Path, name: str) -> list[Comment]:
    """Of one set, as they were written."""
    with gzip.open(_there(folder / f"sentiment_{name}.jsonl.gz"), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def plain_texts(rows: Sequence[Comment], split: str) -> sentiment_training.Labelled:
    chosen = [one for one in rows if one["split"] == split]
    return sentiment_training.Labelled(
        tuple(plain(one["text"]) for one in chosen), np.array([one["label"] + 1 for one in chosen])
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with _there(path).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _there(path: Path) -> Path:
    if not path.is_file():
        raise BrokenEnvironment(
            f"there is no {path}", "name the folder of labelled data: docs/models/actors.md"
        )
    return path
