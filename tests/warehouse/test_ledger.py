"""What every answer about a repository says about itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.support.rows import AT, add_repository
from warehouse import completeness, ledger, publish, quality, repositories
from warehouse.completeness import Entry, judge
from warehouse.engine import Engine
from warehouse.ledger import Standing
from warehouse.quality import Check

FIRST, SECOND = UUID(int=1), UUID(int=2)
PASSED = Check("volume", "dbt", "raw.issues", "block", "passed")
WARNED = Check("drift", "dbt", "raw.issues", "warn", "failed")
BROKEN = Check("types", "dbt", "raw.issues", "block", "failed")


def standing(warehouse: Engine, repository_id: int) -> Standing:
    with warehouse.begin() as connection:
        return ledger.standing(connection, repository_id)


def judged(
    warehouse: Engine, repository_id: int, *checks: Check, job: UUID = FIRST, hours: int = 0
) -> None:
    with warehouse.begin() as connection:
        quality.record(
            connection, checks, job_id=job, repository_id=repository_id,
            at=AT + timedelta(hours=hours),
        )  # fmt: skip


def counted(warehouse: Engine, repository_id: int, *entries: Entry) -> None:
    with warehouse.begin() as connection:
        completeness.record(
            connection, repository_id, {one.thing: one for one in entries}, at=AT, job_id=FIRST
        )


def published(warehouse: Engine, repository_id: int) -> int:
    with warehouse.begin() as connection:
        return publish.publish(
            connection, repository_id, job_id=FIRST, as_of=AT, at=AT, quality_status="passed",
            rows={},
        )  # fmt: skip


def change(warehouse: Engine, statement: str) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(statement)


def test_before_the_first_publication_everything_is_unknown(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)

    assert standing(warehouse, repository_id) == Standing(0, None, None, {}, "unknown", [])


def test_it_tells_the_publication_its_instant_and_when_upstream_was_asked(
    warehouse: Engine,
) -> None:
    repository_id = add_repository(warehouse)
    published(warehouse, repository_id)
    published(warehouse, repository_id)
    with warehouse.begin() as connection:
        repositories.record_check(
            connection, repository_id, checked_at=AT + timedelta(hours=1), default_branch=None,
            full_name="octo/app", is_private=False, is_synthetic=False, state="active",
            state_reason=None,
        )  # fmt: skip

    found = standing(warehouse, repository_id)

    assert (found.publication, found.as_of, found.verified_at) == (2, AT, AT + timedelta(hours=1))


@pytest.mark.parametrize(
    ("entry", "coverage"),
    [
        (judge("issues", 479, 479), {"upstream": 479, "held": 479, "ratio": 1.0}),
        (judge("issues", 3, 2), {"upstream": 3, "held": 2, "ratio": 0.6667}),
        (judge("issues", 99_999, 99_998), {"upstream": 99_999, "held": 99_998, "ratio": 0.9999}),
        (judge("issues", 0, 0), {"upstream": 0, "held": 0, "ratio": 1.0}),
        (judge("issues", 0, 2), {"upstream": 0, "held": 2, "ratio": None}),
        (judge("issues", None, 2), {"upstream": None, "held": 2, "ratio": None}),
        (judge("issues", 5, None), {"upstream": 5, "held": None, "ratio": None}),
    ],
)
def test_coverage_is_what_is_held_of_what_exists_and_null_where_one_is_unknown(
    warehouse: Engine, entry: Entry, coverage: dict[str, int | float | None]
) -> None:
    repository_id = add_repository(warehouse)
    counted(warehouse, repository_id, entry)

    assert standing(warehouse, repository_id).coverage == {"issues": coverage}


@pytest.mark.parametrize(
    ("checks", "status", "failed"),
    [
        ((PASSED,), "passed", []),
        ((PASSED, replace(WARNED, status="skipped")), "passed", []),
        ((PASSED, WARNED), "warned", ["drift"]),
        ((PASSED, WARNED, BROKEN), "failed", ["drift", "types"]),
    ],
)
def test_quality_is_what_the_checks_add_up_to(
    warehouse: Engine, checks: tuple[Check, ...], status: str, failed: list[str]
) -> None:
    repository_id = add_repository(warehouse)
    judged(warehouse, repository_id, *checks)

    found = standing(warehouse, repository_id)

    assert (found.quality_status, found.failed_checks) == (status, failed)


def test_only_the_checks_of_the_last_checked_job_count(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    judged(warehouse, repository_id, BROKEN)
    judged(warehouse, repository_id, PASSED, job=SECOND, hours=1)

    assert standing(warehouse, repository_id).quality_status == "passed"


def test_other_repositories_have_their_own_standing(warehouse: Engine) -> None:
    mine = add_repository(warehouse)
    other = add_repository(warehouse, "octo/site", github_id=2)
    counted(warehouse, other, judge("issues", 1, 1))
    judged(warehouse, other, BROKEN)
    published(warehouse, other)

    assert standing(warehouse, mine) == Standing(0, None, None, {}, "unknown", [])


class TestVersionOfAll:
    @pytest.fixture
    def of_all(self, warehouse: Engine) -> Callable[..., str]:
        """Of three repositories with figures, the third of which is private."""
        for number in (1, 2, 3):
            add_repository(warehouse, f"octo/app-{number}", github_id=number)
            published(warehouse, number)
        change(warehouse, "update ops.repositories set is_private = true where repository_id = 3")

        def version(readable: frozenset[int] | None = frozenset()) -> str:
            with warehouse.begin() as connection:
                return ledger.version_of_all(connection, readable)

        return version

    def test_it_is_another_one_whatever_is_published(
        self, of_all: Callable[..., str], warehouse: Engine
    ) -> None:
        before = of_all()
        published(warehouse, 2)
        assert of_all() != before

        two_of_the_second = of_all()
        change(warehouse, "delete from ops.publications where repository_id = 2")
        published(warehouse, 1)
        published(warehouse, 1)
        assert of_all() != two_of_the_second

    def test_it_is_another_one_when_somebody_sees_less(
        self, of_all: Callable[..., str], warehouse: Engine
    ) -> None:
        before = of_all()
        change(warehouse, "update ops.repositories set is_private = true where repository_id = 2")

        assert of_all() != before

    def test_what_somebody_may_not_see_changes_nothing(
        self, of_all: Callable[..., str], warehouse: Engine
    ) -> None:
        nobodys, members, everything = of_all(), of_all(frozenset({3})), of_all(None)
        published(warehouse, 3)

        assert of_all() == nobodys
        assert of_all(frozenset({3})) != members
        assert of_all(None) != everything


def test_of_several_the_oldest_instant_and_the_worst_checks_hold(warehouse: Engine) -> None:
    for number, (held, status) in enumerate(((9, "passed"), (30, "warned")), 1):
        add_repository(warehouse, f"octo/app-{number}", github_id=number)
        entries = (judge("issues", 10 * number, held), judge("tags", None, 3))
        counted(warehouse, number, *entries[: 3 - number])
        job = UUID(int=number)
        judged(warehouse, number, *((PASSED,), (PASSED, WARNED))[number - 1], job=job)
        with warehouse.begin() as connection:
            publish.publish(
                connection, number, job_id=job, as_of=AT + timedelta(days=number),
                at=AT, quality_status=status, rows={},
            )  # fmt: skip

    with warehouse.begin() as connection:
        both = ledger.together(connection)
        first = ledger.together(connection, [1])
        none = ledger.together(connection, [])

    assert (both.repositories_count, both.as_of, both.newest_as_of) == (
        2, AT + timedelta(days=1), AT + timedelta(days=2),
    )  # fmt: skip
    assert both.coverage == {
        "issues": {"upstream": 30, "held": 39, "ratio": 1.3},
        "tags": {"upstream": None, "held": 3, "ratio": None},
    }
    assert (both.quality_status, both.failed_checks) == ("warned", ["drift"])
    assert first.coverage["issues"] == {"upstream": 10, "held": 9, "ratio": 0.9}
    assert (first.quality_status, first.failed_checks) == ("passed", [])
    assert none == ledger.Together(0, None, None, {}, "unknown", [])


def test_figures_that_are_shown_do_not_speak_for_a_later_job(warehouse: Engine) -> None:
    """Its gate has failed, and it has seen more than they tell of."""
    repository_id = add_repository(warehouse)
    counted(warehouse, repository_id, judge("issues", 4, 4))
    judged(warehouse, repository_id, PASSED)
    published(warehouse, repository_id)

    counted(warehouse, repository_id, judge("issues", 9, 5))
    judged(warehouse, repository_id, BROKEN, job=SECOND, hours=1)

    found = standing(warehouse, repository_id)
    assert (found.quality_status, found.failed_checks) == ("passed", [])
    assert found.coverage == {"issues": {"upstream": 4, "held": 4, "ratio": 1.0}}
