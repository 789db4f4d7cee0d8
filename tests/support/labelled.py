"""Labelled accounts as the files have them, made up."""

import csv
from pathlib import Path

import numpy as np

from flows.steps.labelled import NUMBERS, accounts
from models.actors_training import split

_LETTERS = "abcdefghijklmnopqrst"


def write_accounts(folder: Path, *, size: int, noise: float = 1.0, seed: int = 1) -> None:
    """Every other account is a program, and its numbers are higher, the less clearly the more
    ``noise`` there is; the third has no pause between kinds.
    """
    chance = np.random.default_rng(seed)
    with (
        (folder / "bots_train_feat.csv").open("w", newline="", encoding="utf-8") as numbers,
        (folder / "bots_train_label.csv").open("w", newline="", encoding="utf-8") as labels,
    ):
        told, said = csv.writer(numbers), csv.writer(labels)
        told.writerow(["contributor", "feat_repos", *NUMBERS])
        said.writerow(["contributor", "bot"])
        for one in range(size):
            login = f"{_LETTERS[one // 20 % 20]}{_LETTERS[one % 20]}wxyz"
            row = chance.normal(size=len(NUMBERS)) * noise + 2 * (one % 2)
            values = [f"{value:.3f}" for value in row]
            if one == 2:
                values[0], values[NUMBERS.index("time_to_switch_act_type_mean")] = "2", ""
            told.writerow([login, 1, *values])
            said.writerow([login, one % 2])


def turn_round(folder: Path) -> None:
    """What is learnt from is the opposite of what is held out."""
    learnt, _ = split(accounts(folder))
    labels = folder / "bots_train_label.csv"
    turned = [
        f"{login},{1 - int(bot) if login in learnt.logins else bot}"
        for login, bot in (line.split(",") for line in labels.read_text("utf-8").split()[1:])
    ]
    labels.write_text("\n".join(["contributor,bot", *turned]) + "\n", "utf-8")
