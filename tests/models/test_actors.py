"""What speaks for a program."""

import numpy as np
import pytest

from models.actors import (
    NAME_SIGNS,
    at_share,
    folded,
    hats,
    judge,
    name_signs,
    pieces_of,
    probabilities,
)
from models.actors_weights import shipped
from models.behaviour import FEATURES, Activities, behaviour

HOURLY = Activities("nightly-bot", ["opens issue"] * 60, [24.0 * day for day in range(60)])
KINDS = ("comments issue", "opens issue", "reviews", "closes issue", "comments issue")
PERSON = Activities(
    "annmiller", [KINDS[one % 5] for one in range(60)],
    [24.0 * (one // 3) + (one * 7 % 9) * 0.9 for one in range(60)],
)  # fmt: skip


def test_a_machine_that_acts_by_the_clock_is_told_from_a_person() -> None:
    machine, person = judge(shipped(), [HOURLY, PERSON])

    assert (machine.login, person.login) == ("nightly-bot", "annmiller")
    assert machine.probability > 0.5
    assert person.probability < 0.1
    assert machine.activities_count == 60
    assert machine.evidence.startswith("60 activities; its name +")


def test_nobody_is_judged_where_there_is_nobody() -> None:
    assert judge(shipped(), []) == []


def test_accounts_are_judged_one_by_one() -> None:
    together = judge(shipped(), [HOURLY, PERSON])

    assert together == [judge(shipped(), [one])[0] for one in (HOURLY, PERSON)]


def test_where_programs_are_rarer_it_takes_more_to_be_one() -> None:
    said = np.array([0.5, 0.9])

    assert at_share(said, 0.5, 0.5) == pytest.approx(said)
    assert at_share(said, 0.5, 0.1) == pytest.approx([0.1, 0.5])
    numbers = np.array([behaviour(HOURLY)])
    (plain,) = probabilities(shipped(), [HOURLY.login], numbers)
    assert plain > judge(shipped(), [HOURLY])[0].probability


@pytest.mark.parametrize(
    ("login", "signs"),
    [
        ("dependabot[bot]", {"is_app", "ends_in_bot", "has_bot"}),
        ("acme-bot2", {"is_bot_word", "ends_in_bot", "has_bot"}),
        ("DrahtBot", {"is_bot_word", "ends_in_bot", "has_bot", "is_machine_word"}),
        ("talbot", {"ends_in_bot", "has_bot"}),
        ("k8s-ci-robot", {"is_bot_word", "ends_in_bot", "has_bot", "has_robo", "is_machine_word"}),
        ("nightly-ci", {"is_machine_word"}),
        ("botella", {"has_bot", "has_a_given_name"}),
        ("Ann", set()),
        ("dennis42", {"begins_with_a_given_name", "has_a_given_name"}),
        ("mr-xdennis", {"has_a_given_name"}),
    ],
)
def test_names_have_signs(login: str, signs: set[str]) -> None:
    found = dict(zip(NAME_SIGNS, name_signs(login), strict=True))

    yes_or_no = [name for name in NAME_SIGNS if not name.endswith("_count")]
    assert {name for name in yes_or_no if found[name]} == signs


def test_words_letters_and_digits_are_counted() -> None:
    found = dict(zip(NAME_SIGNS, name_signs("auto-release-42"), strict=True))

    assert found["machine_words_count"] == 2
    assert (found["letters_count"], found["words_count"], found["digits_count"]) == (15, 3, 2)


def test_names_are_read_in_pieces_of_words_and_digits_are_alike() -> None:
    assert folded("ReleaseBot@acme.test") == "release-bot"
    assert pieces_of("ab7") == pieces_of("AB1")
    assert " ci " in pieces_of("x-ci")
    assert "x-" not in "".join(pieces_of("x-ci"))


def test_each_number_is_near_two_places_or_missing() -> None:
    grid = np.tile(np.linspace(0, 20, 21), (len(FEATURES), 1))
    numbers = np.full((1, len(FEATURES)), 7.5)
    numbers[0, 1], numbers[0, 2], numbers[0, 3] = np.nan, -5, 99

    found = hats(numbers, grid, 5)[0]

    assert found.sum(axis=1) == pytest.approx(1)
    assert found[0].tolist() == pytest.approx([0, 0.5, 0.5, 0, 0, 0])
    assert found[1].tolist() == [0, 0, 0, 0, 0, 1]
    assert found[2].argmax() == 0
    assert found[3].argmax() == 4


def test_of_a_grid_whose_beginning_is_all_alike_the_middle_is_meant() -> None:
    grid = np.tile(np.repeat([1.0, 2.0], [11, 10]), (len(FEATURES), 1))

    assert hats(np.ones((1, len(FEATURES))), grid, 5)[0, 0].argmax() == 1
