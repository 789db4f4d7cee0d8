"""What a monitoring system is told, from a warehouse that is known to the last row."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests.support.rows import AT, add_repository
from warehouse import completeness, measures, publish, quality, quarantine
from warehouse.completeness import Entry
from warehouse.engine import Engine
from warehouse.measures import Measures
from warehouse.quality import Check
from warehouse.quarantine import Kind, Quarantined

JOB, OLDER = UUID(int=1), UUID(int=2)


def told(warehouse: Engine) -> Measures:
    with warehouse.begin() as connection:
        return measures.measures(connection, now=AT, fresh_for=timedelta(hours=24))


def add(warehouse: Engine, number: int, *, hours_ago: float | None) -> int:
    repository_id = add_repository(warehouse, f"octo/{number}", github_id=number)
    if hours_ago is not None:
        with warehouse.begin() as connection:
            publish.publish(
                connection, repository_id, job_id=UUID(int=number),
                as_of=AT - timedelta(hours=hours_ago), at=AT, quality_status="passed", rows={},
            )  # fmt: skip
    return repository_id


def test_repositories_are_counted_by_the_age_of_their_figures(
    warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(warehouse, 1, hours_ago=1)
    old = add(warehouse, 2, hours_ago=25)
    add(warehouse, 3, hours_ago=None)
    monkeypatch.setattr(measures, "STALEST", 1)

    found = told(warehouse)

    assert found.repositories == {"fresh": 1, "stale": 1, "unpublished": 1}
    assert [(one.repository_id, one.seconds) for one in found.stalest] == [(old, 25 * 3600.0)]


def test_checks_are_those_of_the_figures_that_are_shown(warehouse: Engine) -> None:
    repository_id = add(warehouse, 1, hours_ago=1)
    bad = Check("volume", "great_expectations", "raw.x", "block", "failed")
    good = Check("types", "great_expectations", "raw.x", "block", "passed")
    with warehouse.begin() as connection:
        for job_id, check in ((JOB, good), (OLDER, bad)):
            quality.record(connection, [check], job_id=job_id, repository_id=repository_id, at=AT)

    assert told(warehouse).checks == [("great_expectations", "block", "passed", 1)]


def test_coverage_is_of_all_repositories_and_leaves_out_what_has_no_total(
    warehouse: Engine,
) -> None:
    for repository_id, upstream in ((1, 10), (2, 30)):
        entries = {
            "issues": Entry("issues", upstream, 10, "partial", None),
            "labels": Entry("labels", 0, 0, "complete", None),
            "forks": Entry("forks", None, 10, "uncounted", None),
        }
        with warehouse.begin() as connection:
            completeness.record(connection, repository_id, entries, at=AT, job_id=JOB)

    assert told(warehouse).coverage == [("issues", 0.5)]


def test_the_quarantine_counts_what_is_refused_still(warehouse: Engine) -> None:
    records = [
        Quarantined(Kind.RECORD, 1, b"a", "broken"), Quarantined(Kind.ORIGINAL, 2, b"b", "changed")
    ]  # fmt: skip
    with warehouse.begin() as connection:
        quarantine.keep(
            connection, "issues", records, repository_id=1, source="rest", source_updated_at=None,
            at=AT, job_id=JOB,
        )  # fmt: skip

    assert told(warehouse).quarantine == [("issues", 1)]
