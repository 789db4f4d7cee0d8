"""The made-up organisation: the same for the same seed, full of cases, and honest about itself."""

from datetime import UTC, datetime

import pytest

from gitinsight.simulator.organisation import LABEL, Organisation, Repository, authors, truth

NAMES = ("aurora", "borealis", "empty-repo")


@pytest.fixture(scope="module")
def organisation() -> Organisation:
    return Organisation(1)


@pytest.fixture(scope="module")
def aurora(organisation: Organisation) -> Repository:
    return organisation.repositories["aurora"]


def test_the_same_seed_gives_the_same_organisation(organisation: Organisation) -> None:
    assert Organisation(1).repositories == organisation.repositories
    assert Organisation(1).users == organisation.users


def test_another_seed_gives_another_one(organisation: Organisation) -> None:
    assert Organisation(2).repositories != organisation.repositories


def test_there_is_a_large_a_small_and_an_empty_repository(organisation: Organisation) -> None:
    sizes = [len(organisation.repositories[name].issues) for name in NAMES]

    assert sizes == [120, 40, 0]
    assert set(truth(organisation.repositories["empty-repo"]).values()) == {0}


def test_a_giant_happens_in_the_same_months() -> None:
    giant = Organisation(1, {"giant": 600}).repositories["giant"]
    usual = Organisation(1).repositories["aurora"]

    def last(made: Repository) -> str:
        times = [one["created_at"] for one in (*made.issues.values(), *made.runs)]
        return max(*times, *made.stars)

    assert len(giant.issues) == 600
    assert abs(datetime.fromisoformat(last(giant)) - datetime.fromisoformat(last(usual))).days < 60


@pytest.mark.parametrize("kind", ["issues", "labels", "milestones", "releases"])
def test_whatever_has_a_text_of_its_own_says_that_it_is_synthetic(
    aurora: Repository, kind: str
) -> None:
    held = getattr(aurora, kind)
    records = held.values() if isinstance(held, dict) else held

    assert records
    assert all(LABEL in (one.get("body"), one.get("description")) for one in records)


def test_nobody_in_it_can_be_written_to() -> None:
    assert all(
        address.endswith((".invalid", "@users.noreply.github.com")) for _, address in authors()
    )


def test_every_identifier_is_one_records_own(organisation: Organisation) -> None:
    identifiers = [user["id"] for user in organisation.users.values()]
    for one in organisation.repositories.values():
        kinds = (
            one.issues.values(), one.pulls.values(), one.comments, one.reviews,
            one.review_comments, one.events, one.labels, one.milestones, one.releases,
        )  # fmt: skip
        identifiers += [one.id, *(record["id"] for kind in kinds for record in kind)]

    assert len(identifiers) == len(set(identifiers))


def test_the_cases_that_trip_readers_are_among_its_records(aurora: Repository) -> None:
    reviews = [one["number"] for one in aurora.reviews]

    assert any(one["user"] is None for one in aurora.comments), "a deleted account"
    assert any("\0" in one["body"] for one in aurora.comments), "what PostgreSQL refuses"
    assert any(one["user"]["type"] == "Bot" for one in aurora.issues.values()), "a bot opens"
    assert any(one["event"] == "reopened" for one in aurora.events)
    assert max(reviews.count(number) for number in reviews) > 30, "more than one page of reviews"
    states = {(one["state"], number in aurora.pulls) for number, one in aurora.issues.items()}
    assert states == {("open", True), ("open", False), ("closed", True), ("closed", False)}
    assert {bool(one["merged_at"]) for one in aurora.pulls.values()} == {True, False}


def test_an_issue_is_never_older_than_what_is_said_in_it(aurora: Repository) -> None:
    for comment in aurora.comments:
        issue = aurora.issues[comment["number"]]

        assert issue["created_at"] <= comment["created_at"] <= issue["updated_at"]


def test_the_number_of_a_deleted_issue_is_not_given_again() -> None:
    organisation = Organisation(1)
    repository = organisation.repositories["borealis"]
    newest = repository.next_number
    organisation.add_issue(repository, datetime(2026, 6, 1, tzinfo=UTC))
    repository.deleted.add(newest)
    del repository.issues[newest]

    added = organisation.add_issue(repository, datetime(2026, 6, 1, tzinfo=UTC))

    assert added["number"] == newest + 1


def test_a_comment_counts_and_touches_its_issue() -> None:
    organisation = Organisation(1)
    repository = organisation.repositories["borealis"]
    before = dict(repository.issues[1])

    organisation.add_comment(repository, 1, datetime(2027, 1, 1, tzinfo=UTC))

    assert repository.issues[1]["comments"] == before["comments"] + 1
    assert repository.issues[1]["updated_at"] == "2027-01-01T00:00:00Z"
