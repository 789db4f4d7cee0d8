"""How old figures are, beside how old they may be."""

from datetime import timedelta
from uuid import UUID

from tests.support.rows import AT, add_repository
from warehouse import freshness, publish, repositories
from warehouse.engine import Engine
from warehouse.freshness import Freshness

DAY = timedelta(days=1)


def add(
    warehouse: Engine, number: int, *, hours_ago: float | None, target: float | None = None
) -> int:
    repository_id = add_repository(warehouse, f"octo/{number}", github_id=number)
    with warehouse.begin() as connection:
        repositories.set_fresh_hours(connection, repository_id, target)
        if hours_ago is not None:
            publish.publish(
                connection, repository_id, job_id=UUID(int=number),
                as_of=AT - timedelta(hours=hours_ago), at=AT, quality_status="passed", rows={},
            )  # fmt: skip
    return repository_id


def told(warehouse: Engine, *ids: int) -> list[Freshness]:
    with warehouse.begin() as connection:
        return freshness.several(connection, now=AT, fresh_for=DAY, repository_ids=ids or None)


def test_each_is_fresh_by_its_own_target_and_the_most_overdue_comes_first(
    warehouse: Engine,
) -> None:
    never = add(warehouse, 1, hours_ago=None)
    young = add(warehouse, 2, hours_ago=24)
    old = add(warehouse, 3, hours_ago=25)
    patient = add(warehouse, 4, hours_ago=25, target=25)
    urgent = add(warehouse, 5, hours_ago=2, target=0.5)

    found = told(warehouse)

    assert {one.repository_id: one.is_fresh for one in found} == {
        never: None, young: True, old: False, patient: True, urgent: False,
    }  # fmt: skip
    assert [one.repository_id for one in found] == [urgent, old, young, patient, never]
    assert (found[0].seconds, found[0].target_seconds) == (7200, 1800)
    assert (found[-1].as_of, found[-1].seconds, found[-1].target_seconds) == (None, None, 86_400)


def test_what_github_does_not_show_any_more_is_told_where_it_is_asked_for(
    warehouse: Engine,
) -> None:
    gone = add(warehouse, 1, hours_ago=1)
    add(warehouse, 2, hours_ago=1)
    with warehouse.begin() as connection:
        repositories.record_loss(connection, gone, reason="404")

    assert [one.full_name for one in told(warehouse)] == ["octo/2"]
    assert [one.full_name for one in told(warehouse, gone)] == ["octo/1"]


def test_a_target_is_taken_back(warehouse: Engine) -> None:
    known = add(warehouse, 1, hours_ago=1, target=0.5)
    with warehouse.begin() as connection:
        assert repositories.set_fresh_hours(connection, known, None).fresh_hours is None

    assert [one.is_fresh for one in told(warehouse)] == [True]
