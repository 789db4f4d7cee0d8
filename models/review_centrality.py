"""Who holds the reviews of a repository together: the network of who reviews whom.

An arrow leads from a reviewer to the author of what they reviewed. Its weight is in counts alone:
betweenness counts arrows, because ten reviews connect no more people than one does. Of a network of
more than ``MOST_SOURCES`` persons it is an estimate, from the ways that begin with so many of them.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from models.facts import ReviewTie

DEFINITION = "review-centrality@2"
MOST_SOURCES = 300
"""All of them take time by persons times ties, which giants have thousands of."""
_SEED = 20_011
"""Whoever asks twice draws the same ones."""


@dataclass(frozen=True, slots=True)
class ReviewCentrality:
    """``authors_count`` and ``reviewers_count`` are the degrees out of and into a person;
    ``reciprocity_ratio`` is the share of those tied to them that both review and are reviewed by
    them; ``betweenness_ratio`` that of the shortest ways between two others that lead through them,
    null where there are no two others, and counted from ``sources_count`` persons.
    """

    person: str
    reviews_given_count: int
    reviews_received_count: int
    authors_count: int
    reviewers_count: int
    reciprocity_ratio: float
    betweenness_ratio: float | None
    sources_count: int


def review_centrality(ties: Iterable[ReviewTie]) -> list[ReviewCentrality]:
    """One of each person with a review given or received, by name; a tie to oneself is none."""
    given: dict[str, dict[str, int]] = {}
    received: dict[str, dict[str, int]] = {}
    for tie in ties:
        if tie.reviewer != tie.author:
            given.setdefault(tie.reviewer, {})[tie.author] = tie.reviews_count
            received.setdefault(tie.author, {})[tie.reviewer] = tie.reviews_count
    # Sums of fractions differ by their order, so that it is always the same.
    persons = sorted(given.keys() | received.keys())
    sources = _sources(persons)
    between = _betweenness(sources, {one: sorted(given.get(one, ())) for one in persons})
    others = len(persons) - 2
    return [
        ReviewCentrality(
            person=one,
            reviews_given_count=sum(given.get(one, {}).values()),
            reviews_received_count=sum(received.get(one, {}).values()),
            authors_count=len(given.get(one, ())),
            reviewers_count=len(received.get(one, ())),
            reciprocity_ratio=_reciprocity(given.get(one, {}), received.get(one, {})),
            # Of the ways that begin with a person none leads through him.
            betweenness_ratio=between[one] / ((len(sources) - (one in sources)) * others)
            if others > 0
            else None,
            sources_count=len(sources),
        )
        for one in persons
    ]


def _reciprocity(given: Mapping[str, int], received: Mapping[str, int]) -> float:
    return len(given.keys() & received.keys()) / len(given.keys() | received.keys())


def _sources(persons: Sequence[str]) -> dict[str, None]:
    """Those whose ways are counted: all, or as many as there is time for, each as likely; in order.
    Brandes and Pich, "Centrality estimation in large networks", 2007.
    """
    if len(persons) <= MOST_SOURCES:
        return dict.fromkeys(persons)
    drawn = Random(_SEED).sample(persons, MOST_SOURCES)  # noqa: S311 - nothing here is a secret
    return dict.fromkeys(sorted(drawn))


def _betweenness(sources: Iterable[str], tied: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Brandes, "A faster algorithm for betweenness centrality", 2001: sources times ties."""
    total = dict.fromkeys(tied, 0.0)
    for source in sources:
        distance, ways = {source: 0}, {source: 1}
        before: dict[str, list[str]] = {source: []}
        order, waiting = [], deque([source])
        while waiting:
            person = waiting.popleft()
            order.append(person)
            for other in tied[person]:
                if other not in distance:
                    distance[other], ways[other], before[other] = distance[person] + 1, 0, []
                    waiting.append(other)
                if distance[other] == distance[person] + 1:
                    ways[other] += ways[person]
                    before[other].append(person)
        share = dict.fromkeys(order, 0.0)
        for person in reversed(order[1:]):
            for nearer in before[person]:
                share[nearer] += ways[nearer] / ways[person] * (1 + share[person])
            total[person] += share[person]
    return total
