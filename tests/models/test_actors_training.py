"""Training on a few made-up accounts."""

import numpy as np

from models.actors import hats, probabilities
from models.actors_training import (
    HELD_OUT,
    Labelled,
    folds,
    groups,
    out_of_fold,
    split,
    stem,
    train,
)
from models.behaviour import FEATURES

SIZE = 160
_CHANCE = np.random.default_rng(5)
LABELS = np.arange(SIZE) % 2
_LETTERS = "abcdefghijklmnop"
LABELLED = Labelled(
    tuple(
        f"{_LETTERS[one // 16]}{_LETTERS[one % 16]}xyzw" + ("-robot" if one % 4 == 1 else "")
        for one in range(SIZE)
    ),
    _CHANCE.normal(size=(SIZE, len(FEATURES))) + LABELS[:, None] * 1.2,
    LABELS,
)


def test_what_it_was_taught_it_knows() -> None:
    weights = train(LABELLED)

    said = probabilities(
        weights, ("qqxyzw-robot", "qqxyzw"), np.array([[1.2], [0.0]]) + np.zeros(17)
    )

    assert said[0] > 0.9
    assert said[1] < 0.1
    assert weights.share == 0.5


def test_it_is_the_same_each_time() -> None:
    one, two = train(LABELLED), train(LABELLED)

    assert np.array_equal(one.effects, two.effects)
    assert np.array_equal(one.spelling, two.spelling)


def test_the_average_of_what_a_number_adds_is_nothing() -> None:
    weights = train(LABELLED)

    places = weights.effects.shape[1] - 1
    added = hats(LABELLED.numbers, weights.grid, places).mean(axis=0) * weights.effects
    assert np.abs(weights.effects).max() > 0.1
    assert np.abs(added.sum(axis=1)).max() < 1e-9


def test_folds_are_told_what_they_have_not_seen() -> None:
    said = out_of_fold(LABELLED, number=4, seed=1)
    scrambled = Labelled(LABELLED.logins, LABELLED.numbers, _CHANCE.permutation(LABELS))

    assert ((said > 0.5) == LABELS).mean() > 0.9
    assert ((out_of_fold(scrambled, number=4, seed=1) > 0.5) == scrambled.labels).mean() < 0.65


def test_accounts_that_are_alike_are_in_one_fold() -> None:
    numbers = np.arange(6.0)[:, None] + np.zeros(len(FEATURES))
    numbers[4] = numbers[5]
    few = Labelled(
        ("acme-console1", "acme-console2[bot]", "acmeconsole-bot", "bob", "carl", "dee"),
        numbers, np.zeros(6, dtype=int),
    )  # fmt: skip

    found = groups(few)

    assert len({*found[:3]}) == 1
    assert found[4] == found[5] != found[3]
    assert folds(few, 3)[4] == folds(few, 3)[5]
    assert stem("robot") == "robot"


def test_one_in_five_is_held_out_and_always_the_same() -> None:
    learnt, held_out = split(LABELLED)

    assert not {*learnt.logins} & {*held_out.logins}
    assert len(learnt.logins) + len(held_out.logins) == SIZE
    assert abs(len(held_out.logins) - SIZE / HELD_OUT) < SIZE / 10
    assert split(LABELLED)[1].logins == held_out.logins
