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
    from_a_list = {
        Reading.SINCE, Reading.WHOLE, Reading.NEWEST, Reading.HYDRATED, Reading.COUNTED,
    }  # fmt: skip

    assert bool(thing.path) == (thing.reading in from_a_list)
    assert 1 <= thing.page_size <= 100
    if thing.reading is Reading.HYDRATED:
        assert thing.query
    if thing.reading is Reading.SINCE:
        assert (thing.parameters["sort"], thing.parameters["direction"]) == ("updated", "asc")


@pytest.mark.parametrize(
    "thing", [thing for thing in THINGS if thing.path], ids=lambda thing: thing.name
)
def test_a_thing_with_a_path_is_a_list_there(thing: Thing, simulated: Simulated) -> None:
    url = f"{simulated.url}/repos/synthetic-labs/aurora/{thing.path}"
    parameters = {**thing.parameters, "per_page": str(thing.page_size)}

    answer = httpx2.get(url, params=parameters, headers={"authorization": "Bearer t"}).json()

    records = answer[thing.envelope] if thing.envelope else answer
    assert isinstance(records, list)
    assert bool(records) == (thing.reading is not Reading.COUNTED)


def test_raw_tables_hold_what_github_shows_and_not_what_is_only_counted() -> None:
    names = {thing.name for thing in GITHUB_THINGS}

    assert {"issues", "reviews", "users"} <= names
    assert names.isdisjoint({"commits", "tags", "workflow_runs"})
