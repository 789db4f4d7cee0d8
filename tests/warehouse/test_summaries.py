"""Summaries of several repositories at once."""

from tests.support.marts import publish_figures
from tests.support.rows import AT, add_repository, claim
from warehouse import ledger, marts
from warehouse.engine import Engine, driver
from warehouse.summaries import Summary, summaries


def test_they_say_what_the_ledger_and_the_mart_say_one_by_one(warehouse: Engine) -> None:
    ids = [add_repository(warehouse, f"octo/{number}", github_id=number) for number in range(1, 4)]
    failed = {ids[1]: "warn", ids[2]: "block"}
    for one in ids:
        job = claim(warehouse, one)
        publish_figures(warehouse, job, issues_count=one)
        with warehouse.begin() as connection:
            driver(connection).execute(
                "insert into ops.quality_results (job_id, check_name, repository_id, tool, subject,"
                " severity, status, at) values (%(job)s, 'a', %(id)s, 'dbt', 's', 'warn',"
                " 'passed', %(at)s), (%(job)s, 'b', %(id)s, 'dbt', 's', %(severity)s,"
                " %(status)s, %(at)s)",
                {
                    "job": job.job_id, "id": one, "at": AT, "severity": failed.get(one, "warn"),
                    "status": "failed" if one in failed else "passed",
                },
            )  # fmt: skip

    found = summaries(warehouse, ids)

    for one in ids:
        summary = found[one]
        assert isinstance(summary, Summary)
        with warehouse.begin() as connection:
            assert summary.standing == ledger.standing(connection, one)
            assert summary.row == marts.summary(connection, one)
    assert [found[one].standing.quality_status for one in ids] == ["passed", "warned", "failed"]  # type: ignore[union-attr]


def test_what_is_not_there_is_named(warehouse: Engine) -> None:
    known, shown = (
        add_repository(warehouse, f"octo/{number}", github_id=number) for number in (1, 2)
    )

    def told() -> list[str]:
        found = summaries(warehouse, [known, 99])
        return [str(found[one]).removesuffix(" is not known here") for one in (known, 99)]

    assert told() == ["mart repository_summary", "repository 99"]
    publish_figures(warehouse, claim(warehouse, shown))
    assert told() == [f"summary of repository {known}", "repository 99"]


def test_its_version_grows_with_what_is_published_and_with_what_is_checked(
    warehouse: Engine,
) -> None:
    repository_id = add_repository(warehouse)
    job = claim(warehouse, repository_id)

    def version() -> str:
        found = summaries(warehouse, [repository_id])[repository_id]
        assert isinstance(found, Summary)
        return found.version

    versions = []
    for number in range(12):
        publish_figures(warehouse, job, issues_count=number)
        versions.append(version())
        with warehouse.begin() as connection:
            connection.exec_driver_sql(
                "update ops.repositories set checked_at"
                " = coalesce(checked_at, '2026-01-01') + interval '1 ms'"
            )
        versions.append(version())

    assert versions == sorted(set(versions))
