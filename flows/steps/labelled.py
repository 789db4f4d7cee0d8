"""What people have labelled, as files that are named: what models are trained and judged with."""

import csv
import gzip
import json
from pathlib import Path

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
    found = {}
    for name in _TEXTS:
        path = _there(folder / f"sentiment_{name}.jsonl.gz")
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [one for one in map(json.loads, lines) if one["split"] == split]
        found[name] = sentiment_training.Labelled(
            tuple(plain(one["text"]) for one in rows),
            np.array([one["label"] + 1 for one in rows]),
        )
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with _there(path).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _there(path: Path) -> Path:
    if not path.is_file():
        raise BrokenEnvironment(
            f"there is no {path}", "name the folder of labelled data: docs/models/actors.md"
        )
    return path
