"""What happens around the conversations of the made-up organisation."""

from gitinsight.simulator import activity
from gitinsight.simulator.organisation import Organisation, wider_truth

ORGANISATION = Organisation(1)
AURORA = ORGANISATION.repositories["aurora"]


def test_an_empty_repository_stays_empty() -> None:
    assert set(wider_truth(ORGANISATION.repositories["empty-repo"]).values()) == {0}


def test_discussions_continue_the_numbers_of_the_issues() -> None:
    assert min(AURORA.discussions) == max(AURORA.issues) + 1
    assert AURORA.next_number == max(AURORA.discussions) + 1


def test_every_identifier_is_one_records_own() -> None:
    identifiers = []
    for one in ORGANISATION.repositories.values():
        talks = list(one.discussions.values())
        kinds = (
            one.issues.values(), one.comments, one.runs, one.jobs, one.deployments, one.forks,
            talks, *(talk["comments"] for talk in talks),
            *(made["statuses"] for made in one.deployments),
            *(release["assets"] for release in one.releases),
        )  # fmt: skip
        identifiers += [record["id"] for kind in kinds for record in kind]

    assert len(identifiers) == len(set(identifiers))


def test_the_cases_that_make_readers_drill_down_are_among_its_records() -> None:
    pulls = AURORA.pulls.values()

    assert any(one["commits"] > 100 for one in pulls)
    assert any(one["files"] > 100 for one in pulls)
    assert any(one["review_requests"] for one in pulls)
    assert any(len(one["statuses"]) > 10 for one in AURORA.deployments)
    assert any(len(one["comments"]) > 50 for one in AURORA.discussions.values())
    assert any(one["user"] is None for one in AURORA.discussions.values())


def test_runs_have_every_outcome_and_some_were_run_twice() -> None:
    ended = {one["conclusion"] for one in AURORA.runs}

    assert ended == {"success", "failure", "cancelled", "skipped", None}
    assert {one["run_attempt"] for one in AURORA.runs} == {1, 2}
    for run in AURORA.runs:
        attempts = {one["run_attempt"] for one in AURORA.jobs if one["run_id"] == run["id"]}
        assert attempts == set(range(1, run["run_attempt"] + 1))


def test_the_parts_of_a_pull_request_add_up_to_what_it_says_of_itself() -> None:
    for pull in AURORA.pulls.values():
        for parts, count in (
            (activity.pull_commits(pull), pull["commits"]),
            (activity.pull_files(pull), pull["files"]),
        ):
            assert len(parts) == count
            for name in ("additions", "deletions"):
                assert sum(one[name] for one in parts) == pull[name]


def test_a_run_under_way_was_changed_when_it_started() -> None:
    (run,) = (one for one in AURORA.runs if one["status"] != "completed")

    assert run["updated_at"] == run["run_started_at"]
