"""The simulated GitHub behaves as GitHub does, in what readers rely on and in how it refuses."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from gitinsight.simulator.app import WRONG_TOKEN
from gitinsight.simulator.organisation import LABEL, Organisation, Repository, truth
from gitinsight.simulator.serve import Simulated
from tests.support.github import GitHub

AURORA = "repos/synthetic-labs/aurora"


@pytest.fixture(scope="module")
def aurora() -> Repository:
    return Organisation(1).repositories["aurora"]


@pytest.fixture(scope="module")
def http(simulated: Simulated) -> Iterator[httpx2.Client]:
    headers = {"authorization": "Bearer t"}
    with httpx2.Client(base_url=simulated.url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def own(github: GitHub) -> Iterator[httpx2.Client]:
    """Of this test alone, which changes what it shows."""
    headers = {"authorization": "Bearer t"}
    with httpx2.Client(base_url=github.url, headers=headers, timeout=30) as client:
        yield client


def pages(http: httpx2.Client, path: str, **parameters: str) -> list[dict[str, Any]]:
    """Every record, by the links as they are given."""
    answer = http.get(path, params=parameters)
    records: list[dict[str, Any]] = answer.raise_for_status().json()
    while "next" in answer.links:
        answer = http.get(answer.links["next"]["url"])
        records += answer.raise_for_status().json()
    return records


def test_links_lead_through_every_record_once(http: httpx2.Client, aurora: Repository) -> None:
    first = http.get(f"{AURORA}/issues", params={"state": "all", "per_page": "50"})

    found = pages(http, f"{AURORA}/issues", state="all", per_page="50")

    assert len(first.json()) == 50
    assert first.links["last"]["url"].endswith("page=3")
    assert sorted(one["number"] for one in found) == sorted(aurora.issues)


@pytest.mark.parametrize(
    ("path", "thing"),
    [
        ("issues/comments", "issue_comments"), ("pulls/comments", "review_comments"),
        ("labels", "labels"), ("milestones", "milestones"), ("releases", "releases"),
        ("issues/events", "issue_events"), ("pulls", "pull_requests"),
    ],
)  # fmt: skip
def test_every_list_is_complete(
    http: httpx2.Client, aurora: Repository, path: str, thing: str
) -> None:
    found = pages(http, f"{AURORA}/{path}", state="all", per_page="100")

    assert len({one["id"] for one in found}) == len(found) == truth(aurora)[thing]


@pytest.mark.parametrize("path", ["issues", "issues/comments", "pulls/comments"])
def test_since_is_inclusive_and_the_order_is_the_one_that_was_asked_for(
    http: httpx2.Client, path: str
) -> None:
    order = {"state": "all", "sort": "updated", "direction": "asc", "per_page": "100"}
    everything = pages(http, f"{AURORA}/{path}", **order)
    times = [one["updated_at"] for one in everything]
    middle = times[len(times) // 2]

    found = pages(http, f"{AURORA}/{path}", **order, since=middle)

    assert times == sorted(times)
    assert [one["id"] for one in found] == [
        one["id"] for one in everything if one["updated_at"] >= middle
    ]
    backwards = pages(http, f"{AURORA}/{path}", **order | {"direction": "desc"})
    assert [one["id"] for one in backwards] == [one["id"] for one in reversed(everything)]


def test_only_open_issues_are_listed_unless_others_are_asked_for(http: httpx2.Client) -> None:
    shown = {
        state: {one["state"] for one in pages(http, f"{AURORA}/issues", state=state)}
        for state in ("open", "closed", "all")
    }

    assert shown == {"open": {"open"}, "closed": {"closed"}, "all": {"open", "closed"}}
    assert {one["state"] for one in pages(http, f"{AURORA}/issues")} == {"open"}


def test_events_come_newest_first(http: httpx2.Client) -> None:
    identifiers = [one["id"] for one in pages(http, f"{AURORA}/issues/events")]

    assert identifiers == sorted(identifiers, reverse=True)


def test_an_unchanged_answer_is_free_and_a_changed_one_is_not(own: httpx2.Client) -> None:
    path = f"{AURORA}/issues"
    first = own.get(path)
    again = own.get(path, headers={"if-none-match": first.headers["etag"]})

    own.post("/_control", json={"mutate": "new_issue", "repo": "synthetic-labs/aurora"})
    changed = own.get(path, headers={"if-none-match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    remaining = [int(one.headers["x-ratelimit-remaining"]) for one in (first, again, changed)]
    assert remaining == [remaining[0], remaining[0], remaining[0] - 1]
    assert changed.status_code == 200


@pytest.mark.parametrize(
    ("headers", "limit"), [({"authorization": "Bearer a"}, "with token"), ({}, "without")]
)
def test_a_limit_that_is_used_up_refuses_until_its_reset(
    github: GitHub, headers: dict[str, str], limit: str
) -> None:
    github.control(limits={limit: 2})
    with httpx2.Client(base_url=github.url, headers=headers) as http:
        answers = [http.get(AURORA) for _ in range(3)]

        assert [one.status_code for one in answers] == [200, 200, 403]
        assert answers[2].headers["x-ratelimit-remaining"] == "0"
        assert int(answers[2].headers["x-ratelimit-reset"]) > 0
        assert "rate limit exceeded" in answers[2].json()["message"]


def test_rest_and_graphql_have_limits_of_their_own(own: httpx2.Client, github: GitHub) -> None:
    github.control(limits={"with token": 1})
    query = {"query": "{ rateLimit { cost } }"}

    answers = [own.get(AURORA), own.post("/graphql", json=query), own.get(AURORA)]

    assert [one.status_code for one in answers] == [200, 200, 403]
    assert [one.headers["x-ratelimit-resource"] for one in answers] == ["core", "graphql", "core"]


def test_graphql_without_a_token_is_refused(simulated: Simulated) -> None:
    answer = httpx2.post(f"{simulated.url}/graphql", json={"query": "{ rateLimit { cost } }"})

    assert answer.status_code == 403


def test_a_wrong_token_is_rejected(simulated: Simulated) -> None:
    headers = {"authorization": f"Bearer {WRONG_TOKEN}"}

    answer = httpx2.get(f"{simulated.url}/{AURORA}", headers=headers)

    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


@pytest.mark.parametrize(
    "path",
    [
        "repos/synthetic-labs/none", "repos/somebody/aurora", f"{AURORA}/wishes",
        f"{AURORA}/issues/9999", "repositories/1", "nothing/at/all",
    ],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(http: httpx2.Client, path: str) -> None:
    assert http.get(path).status_code == 404


def test_an_old_name_leads_to_the_new_one(own: httpx2.Client, github: GitHub) -> None:
    github.control(rename={"synthetic-labs/aurora": "synthetic-labs/dawn"})

    moved = own.get(f"{AURORA}/issues", params={"per_page": "1"})
    followed = own.get(moved.headers["location"])

    assert moved.status_code == 301
    assert len(followed.json()) == 1
    assert own.get("repos/synthetic-labs/dawn").json()["full_name"] == "synthetic-labs/dawn"
    assert own.get(AURORA, follow_redirects=True).json()["name"] == "dawn"


def test_a_deleted_issue_is_gone_from_the_list_and_answers_410(
    own: httpx2.Client, github: GitHub
) -> None:
    newest = pages(own, f"{AURORA}/issues", state="all")[0]["number"]

    github.change("synthetic-labs/aurora", "delete_issue")

    assert own.get(f"{AURORA}/issues/{newest}").status_code == 410
    assert pages(own, f"{AURORA}/issues", state="all")[0]["number"] == newest - 1


def test_an_empty_repository_has_no_commits_and_says_so(http: httpx2.Client) -> None:
    empty = "repos/synthetic-labs/empty-repo"

    assert http.get(f"{empty}/commits").status_code == 409
    assert http.get(f"{empty}/issues").json() == []
    assert http.get(empty).json()["pushed_at"] is None


def test_commits_branches_and_tags_are_those_of_its_git_repository(http: httpx2.Client) -> None:
    commits = pages(http, f"{AURORA}/commits", per_page="100")
    branches = {one["name"]: one["commit"]["sha"] for one in pages(http, f"{AURORA}/branches")}
    tags = {one["name"]: one["commit"]["sha"] for one in pages(http, f"{AURORA}/tags")}

    assert branches["main"] == commits[0]["sha"]
    assert tags["annotated"] in {one["sha"] for one in commits}
    assert commits[0]["parents"][0]["sha"] in {one["sha"] for one in commits}


def test_a_repository_says_that_it_is_synthetic(http: httpx2.Client) -> None:
    for name in ("aurora", "borealis", "empty-repo"):
        shown = http.get(f"repos/synthetic-labs/{name}").json()

        assert shown["description"] == LABEL
        assert shown["custom_properties"] == {"gitinsight_synthetic": "true"}
        assert shown["topics"] == ["synthetic"]


def test_the_same_seed_answers_byte_for_byte_the_same(
    http: httpx2.Client, own: httpx2.Client, simulated: Simulated, github: GitHub
) -> None:
    for path in (f"{AURORA}/issues", f"{AURORA}/issues/comments", f"{AURORA}/commits"):
        one = http.get(path).text.replace(simulated.url, "")

        assert own.get(path).text.replace(github.url, "") == one


def test_faults_come_as_often_as_they_are_asked_for_and_go_again(
    own: httpx2.Client, github: GitHub
) -> None:
    github.control(error_rate=1)
    assert own.get(AURORA).status_code == 502

    github.control(error_rate=0.5)
    statuses = [own.get(AURORA).status_code for _ in range(40)]
    assert {200, 502} == set(statuses)

    github.control(calm=True)
    assert own.get(AURORA).status_code == 200


@pytest.mark.parametrize(
    ("operation", "path", "added"),
    [
        ("new_issue", "issues", 1), ("new_comment", "issues/comments", 1),
        ("close_issue", "issues", 0), ("delete_issue", "issues", -1), ("new_commit", "commits", 1),
    ],
)  # fmt: skip
def test_a_change_shows_where_github_would_show_it(
    own: httpx2.Client, github: GitHub, operation: str, path: str, added: int
) -> None:
    before = pages(own, f"{AURORA}/{path}", state="all", per_page="100")

    github.change("synthetic-labs/aurora", operation)

    after = pages(own, f"{AURORA}/{path}", state="all", per_page="100")
    assert len(after) == len(before) + added
    assert after != before


def test_what_was_asked_is_counted(own: httpx2.Client, github: GitHub) -> None:
    github.start_counting()
    etag = own.get(AURORA).headers["etag"]
    own.get(AURORA, headers={"if-none-match": etag})
    own.get("repos/synthetic-labs/none")

    assert github.counted() == {
        "requests": 3, "by_status": {"200": 1, "304": 1, "404": 1}, "charged": 2,
    }  # fmt: skip
