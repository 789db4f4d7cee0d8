"""Degrees, reciprocity and betweenness of who reviews whom."""

from itertools import pairwise, permutations, product
from random import Random

import pytest

from models import review_centrality as model
from models.facts import ReviewTie
from models.review_centrality import ReviewCentrality, review_centrality


def ties(*pairs: str, count: int = 1) -> list[ReviewTie]:
    """``ab`` is a review by a of what b opened."""
    return [ReviewTie(pair[0], pair[1], count) for pair in pairs]


def ties_of(one: str, other: str) -> list[ReviewTie]:
    return [ReviewTie(one, other, 1), ReviewTie(other, one, 1)]


def betweenness(found: list[ReviewCentrality]) -> dict[str, float | None]:
    return {one.person: one.betweenness_ratio for one in found}


def test_a_bridge_lies_on_every_way() -> None:
    # a -> b -> c: of the two ways that avoid b's own ends one leads through it.
    assert betweenness(review_centrality(ties("ab", "bc"))) == {"a": 0, "b": 0.5, "c": 0}


def test_two_ways_of_the_same_length_share_one() -> None:
    found = betweenness(review_centrality(ties("ab", "ac", "bd", "cd")))

    assert found == {"a": 0, "b": pytest.approx(0.5 / 6), "c": pytest.approx(0.5 / 6), "d": 0}


def test_counts_and_degrees_tell_giving_from_receiving() -> None:
    ann, ben, cyd = review_centrality([*ties("ab", count=3), *ties("ba", "ca", "cc")])

    assert (ann.reviews_given_count, ann.reviews_received_count) == (3, 2)
    assert (ann.authors_count, ann.reviewers_count, ann.reciprocity_ratio) == (1, 2, 0.5)
    assert (ben.reciprocity_ratio, cyd.reciprocity_ratio) == (1, 0)
    assert (cyd.reviews_given_count, cyd.reviewers_count) == (1, 0)


def test_between_two_there_is_nobody() -> None:
    assert betweenness(review_centrality(ties("ab"))) == {"a": None, "b": None}
    assert review_centrality([]) == []


@pytest.mark.parametrize("seed", range(5))
def test_betweenness_is_what_counting_every_way_gives(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - nothing here is a secret
    pairs = ["".join(pair) for pair in permutations("abcdef", 2) if random.random() < 0.35]

    found = betweenness(review_centrality(ties(*pairs)))

    persons = sorted(set("".join(pairs)))
    counted = dict.fromkeys(persons, 0.0)
    for start, end in permutations(persons, 2):
        shortest = _shortest(set(pairs), persons, start, end)
        for way, person in product(shortest, persons):
            counted[person] += (person in way[1:-1]) / len(shortest)
    ways = (len(persons) - 1) * (len(persons) - 2)
    assert found == {person: pytest.approx(counted[person] / ways) for person in persons}


def test_of_giants_it_is_an_estimate_that_is_close_and_always_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Few review many, as they do in giants."""
    random = Random(7)  # noqa: S311 - nothing here is a secret
    persons = [f"p{number}" for number in range(400)]
    drawn = {
        (persons[int(400 * random.random() ** 3)], random.choice(persons)) for _ in range(1200)
    }
    network = [ReviewTie(reviewer, author, 1) for reviewer, author in sorted(drawn)]
    monkeypatch.setattr(model, "MOST_SOURCES", 400)
    counted = review_centrality(network)
    monkeypatch.setattr(model, "MOST_SOURCES", 100)
    estimated = review_centrality(network)

    assert {one.sources_count for one in counted} == {len(counted)}
    assert {one.sources_count for one in estimated} == {100}
    assert estimated == review_centrality(reversed(network))
    exactly, about = betweenness(counted), betweenness(estimated)
    most = max(exactly, key=lambda one: exactly[one] or 0)
    assert about[most] == pytest.approx(exactly[most], rel=0.15)
    assert max(abs((about[one] or 0) - (exactly[one] or 0)) for one in exactly) < 0.05


def test_whoever_is_on_every_way_of_a_giant_is_on_all_of_them() -> None:
    """And on no more, whether he was drawn or not."""
    hub = [tie for number in range(600) for tie in ties_of("hub", f"p{number}")]

    found = betweenness(review_centrality(hub))

    assert found["hub"] == pytest.approx(1)
    assert {ratio for person, ratio in found.items() if person != "hub"} == {0}


def test_the_order_of_the_ties_does_not_matter() -> None:
    pairs = ties("ab", "bc", "ca", "cd", "db", "ad", "ea")

    assert review_centrality(pairs) == review_centrality(reversed(pairs))


def _shortest(pairs: set[str], persons: list[str], start: str, end: str) -> list[tuple[str, ...]]:
    others = [one for one in persons if one not in {start, end}]
    for length in range(len(others) + 1):
        ways = [(start, *between, end) for between in permutations(others, length)]
        found = [way for way in ways if all(a + b in pairs for a, b in pairwise(way))]
        if found:
            return found
    return []
