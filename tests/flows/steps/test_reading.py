"""Which function reads a thing, and what a closed door means."""

from dataclasses import replace

import pytest

from flows.steps import discover, reading
from gitinsight.settings import Settings
from gitinsight.things.catalogue import THINGS
from gitinsight.things.languages import LANGUAGES
from gitinsight.things.stars_history import STARS_HISTORY
from gitinsight.things.thing import Reading, Thing
from tests.support.analyses import attempting, rows
from warehouse.engine import Engine

NAME = "synthetic-labs/aurora"
_READ = [
    thing
    for thing in THINGS
    if thing.path and thing.reading not in {Reading.HYDRATED, Reading.PER_PARENT}
]


@pytest.mark.parametrize("thing", _READ, ids=lambda thing: thing.name)
def test_every_declared_thing_is_read(settings: Settings, warehouse: Engine, thing: Thing) -> None:
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        result = reading.read(run, thing)

    assert result.touched > 0
    assert result.unavailable is None


def test_an_object_is_known_by_the_number_of_its_repository(
    settings: Settings, warehouse: Engine
) -> None:
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        reading.read(run, LANGUAGES)
        again = reading.read(run, LANGUAGES)

    assert again.touched == 0
    assert rows(
        warehouse,
        "select count(*) from raw.github_languages join ops.repositories using (repository_id)"
        " where id = github_id and payload ? 'Python'",
    ) == [(1,)]


def test_what_a_github_does_not_offer_is_neither_missing_nor_none(
    settings: Settings, warehouse: Engine
) -> None:
    elsewhere = replace(STARS_HISTORY, path="stargazers/no-such-list")
    with attempting(settings, warehouse, NAME) as run:
        discover.discover(run)
        optional = reading.read(run, elsewhere)
        needed = reading.read(run, replace(elsewhere, is_optional=False))

    assert (optional.is_offered, optional.unavailable) == (False, None)
    assert needed.unavailable is not None
