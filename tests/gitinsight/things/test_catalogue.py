"""The declared things: each once, each with a home, each where GitHub shows it."""

import httpx2
import pytest

from gitinsight.simulator.serve import Simulated
from gitinsight.things.catalogue import GITHUB_THINGS, THINGS
from gitinsight.things.thing import Reading, Thing


def test_a_thing_is_declared_once_under_a_name_of_its_own() -> None:
    names = [thing.name for thing in THINGS]

    assert len(set(names)) == len(names)
    assert len({thing.table for thing in THINGS}) == len(THINGS)


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.name)
def test_a_thing_has_what_its_way_of_reading_needs(thing: Thing) -> None:
    by_rest = {
        Reading.SINCE, Reading.WHOLE, Reading.NEWEST, Reading.WINDOWED, Reading.PER_PARENT,
        Reading.HYDRATED,
    }  # fmt: skip
    by_graphql = {Reading.HYDRATED, Reading.CONNECTION}

    assert not (thing.reading in by_rest and not thing.path)
    assert not (thing.reading in by_graphql and not thing.query)
    assert 1 <= thing.page_size <= 100
    if thing.parent:
        assert thing.parent in {one.name for one in THINGS}
    if thing.reading is Reading.EMBEDDED and thing.parent:
        assert thing.query
        assert thing.connection
        assert thing.number
    if thing.reading is Reading.SINCE:
        assert (thing.parameters["sort"], thing.parameters["direction"]) == ("updated", "asc")


@pytest.mark.parametrize(
    "thing",
    [thing for thing in THINGS if thing.path and thing.reading is not Reading.OBJECT],
    ids=lambda thing: thing.name,
)
def test_a_thing_with_a_path_is_a_list_there(thing: Thing, simulated: Simulated) -> None:
    home = f"{simulated.url}/repos/synthetic-labs/aurora"
    token = {"authorization": "Bearer t"}
    if thing.reading is Reading.PER_PARENT:
        runs = httpx2.get(f"{home}/actions/runs", headers=token).json()["workflow_runs"]
        done = next(run for run in runs if run["status"] == "completed")
        url = f"{home}/{thing.path.format(id=done['id'])}"
    else:
        url = f"{home}/{thing.path}"
    parameters = {**thing.parameters, "per_page": str(thing.page_size)}

    answer = httpx2.get(url, params=parameters, headers=token).json()

    records = answer[thing.envelope] if thing.envelope else answer
    assert isinstance(records, list)
    assert records
    assert all(thing.key in record for record in records) or thing.reading is Reading.HYDRATED


def test_raw_tables_hold_what_github_shows_and_not_what_git_knows() -> None:
    names = {thing.name for thing in GITHUB_THINGS}

    assert {"issues", "reviews", "users", "workflow_runs"} <= names
    assert names.isdisjoint({"commits", "tags"})
