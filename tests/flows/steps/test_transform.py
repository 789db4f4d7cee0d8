"""dbt as a step: it builds one repository, tells what its tests found, and can be stopped."""

import csv
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import jinja2
import pytest

from flows import project
from flows.steps import extract, transform
from flows.steps.run import Run
from gitinsight import clock
from gitinsight.errors import Cancelled
from gitinsight.settings import DeliverySettings, Settings
from models.review_latency import kaplan_meier_median
from tests.support.analyses import attempting, count, rows
from warehouse import jobs
from warehouse.engine import Engine, address, driver, make_engine

NAME = "synthetic-labs/empty-repo"


@pytest.fixture
def run(settings: Settings, warehouse: Engine) -> Iterator[Run]:
    """An attempt that has extracted."""
    with attempting(settings, warehouse, NAME) as run:
        extract.extract(run, lambda _name, step: step())
        yield run


def test_every_model_is_built_and_every_test_passes(run: Run, warehouse: Engine) -> None:
    checks = transform.transform(run)

    assert {check.status for check in checks} == {"passed"}
    assert {check.check_name.split(".")[0] for check in checks} == {"model", "seed", "test"}
    assert count(warehouse, "candidate.repository_summary") == 1
    told = rows(warehouse, "select max(total) from ops.job_events where stage = 'transform'")
    assert told == [(len(checks),)]


def test_what_a_job_is_about_reaches_the_models(run: Run, warehouse: Engine) -> None:
    run.delivery = DeliverySettings(
        production_environments=("Prod \\ \u00c9 1", "x"), incident_labels=()
    )

    assert transform.job_settings(run) == {
        "as_of": run.as_of.isoformat(),
        "production_environments": "Prod \\ \u00c9 1,x", "incident_labels": "",
    }  # fmt: skip
    transform.transform(run)
    [(shown,)] = rows(warehouse, "select data_as_of from candidate.repository_summary")
    assert shown == run.as_of


def test_dbt_without_a_job_has_the_defaults_of_the_settings() -> None:
    macros = (project.DIRECTORY / "macros" / "jobs.sql").read_text("utf-8")

    for name, default in DeliverySettings().model_dump().items():
        assert f'listed("{name}", "{",".join(default)}")' in macros


def test_a_failing_test_names_itself_and_its_table(run: Run, warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into raw.github_issues (repository_id, id, payload, content_hash, source,"
            " api_version, sanitized, extracted_at, run_id)"
            f' select {run.repository.repository_id}, n, \'{{"number": 1, "state": "open",'
            " \"created_at\": \"2026-01-01T00:00:00Z\"}', '', 'rest', '1', false, now(),"
            " gen_random_uuid() from generate_series(1, 2) as n"
        )

    checks = transform.transform(run)

    failed = [check for check in checks if check.status == "failed"]
    assert failed
    assert {check.severity for check in failed} == {"block"}
    assert any(check.subject == "int_items" for check in failed)


def test_a_cancelled_job_ends_dbt(run: Run, warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        jobs.request_cancel(connection, run.job.job_id, at=clock.now())
    started = time.monotonic()

    with pytest.raises(Cancelled):
        transform.transform(run)

    assert time.monotonic() - started < 10


def test_dbt_itself_builds_the_same_rows_of_the_same_form(run: Run, warehouse: Engine) -> None:
    """So does whoever works on the models, by hand; contracts are checked by dbt, too."""
    transform.transform(run)
    ours = dict(relations(warehouse))
    settings = transform.job_settings(run) | {"repository_ids": str(run.repository.repository_id)}
    options = " ".join(f"-c gitinsight.{name}={value}" for name, value in settings.items())

    project.run(
        run.state_dir / "dbt", "build", "--exclude", "resource_type:unit_test",
        environment=transform.environment(address(warehouse)) | {"PGOPTIONS": options},
    )  # fmt: skip

    theirs = dict(relations(warehouse))
    assert len(ours) > 80
    assert theirs == ours


def relations(warehouse: Engine) -> Iterator[tuple[str, object]]:
    """Of each relation what it is, its columns with comments, and its rows."""
    for schema, name, kind, comment in rows(
        warehouse,
        "select nspname, relname, relkind::text, obj_description(held.oid, 'pg_class')"
        " from pg_class as held join pg_namespace as space on space.oid = relnamespace"
        " where nspname in ('staging', 'intermediate', 'candidate') and relkind in ('r', 'v')",
    ):
        relation = f"{schema}.{name}"
        columns = rows(
            warehouse,
            "select attname, format_type(atttypid, atttypmod), attnotnull,"
            f" col_description(attrelid, attnum) from pg_attribute"
            f" where attrelid = '{relation}'::regclass and attnum > 0 order by attname",
        )
        held = rows(warehouse, f"select to_jsonb(one)::text from {relation} as one order by 1")
        # Seeds are told about by us alone: dbt has nothing to say in the database there.
        is_seed = name in {"known_bots", "health_anchors", "unwritten_files"}
        yield relation, (kind, held, *(() if is_seed else (comment, columns)))


def test_the_sql_models_do_what_their_unit_tests_say(analysed: Settings) -> None:
    warehouse = make_engine(analysed.warehouse_url, process="test")
    target = str(analysed.state_dir / "dbt")

    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")), "--quiet", "test", "--select",
            "test_type:unit", "--project-dir", str(project.DIRECTORY), "--profiles-dir",
            str(project.DIRECTORY), "--target-path", target, "--log-path", target,
        ],
        env=transform.environment(address(warehouse)), capture_output=True, text=True, check=False,
    )  # fmt: skip

    warehouse.dispose()
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_survival_median_in_sql_equals_that_of_the_insight(warehouse: Engine) -> None:
    random = Random(7)  # noqa: S311 - nothing here is a secret
    cohorts = [
        [(float(random.randint(0, most)), random.random() < answered) for _ in range(count)]
        for count in (1, 2, 3, 4, 7, 40, 400)
        for most in (0, 3, 1000)
        for answered in (0.0, 0.3, 0.5, 0.6, 1.0)
    ]
    macros = jinja2.Environment(autoescape=False).from_string(  # noqa: S701 - it is SQL
        (project.DIRECTORY / "macros" / "survival.sql").read_text()
    )
    query: str = macros.module.kaplan_meier_median("waits", ["cohort"])  # type: ignore[attr-defined]

    with warehouse.begin() as connection:
        raw = driver(connection)
        raw.execute("create temp table waits (cohort int, hours double precision, is_ended bool)")
        raw.cursor().executemany(
            "insert into waits values (%s, %s, %s)",
            [(number, *wait) for number, waits in enumerate(cohorts) for wait in waits],
        )
        found = dict(raw.execute(query.encode()).fetchall())

    assert found == {number: kaplan_meier_median(waits) for number, waits in enumerate(cohorts)}
    assert {type(one) for one in found.values()} == {float, type(None)}


def test_a_health_score_can_be_made_again_from_its_inputs(analysed: Settings) -> None:
    """By the words of docs/health-score.md alone."""
    seed = (project.DIRECTORY / "seeds" / "health_anchors.csv").read_text("utf-8")
    anchors = {one["input"]: one for one in csv.DictReader(seed.splitlines())}
    warehouse = make_engine(analysed.warehouse_url, process="test")
    found = rows(
        warehouse,
        "select inputs, score, activity_score, responsiveness_score, resilience_score,"
        " delivery_score, quality_score, safety_score from marts.health_score",
    )
    warehouse.dispose()

    assert len(found) == 13
    for inputs, score, *held in found:
        made = [
            _mean([_points(anchors[name], told["value"]) for name, told in inputs[one].items()])
            for one in ("activity", "responsiveness", "resilience", "delivery", "quality", "safety")
        ]
        assert held == [one if one is None else pytest.approx(one, abs=0.011) for one in made]
        assert score == pytest.approx(_mean(made), abs=0.011)


def _points(anchor: dict[str, str], value: float | None) -> float | None:
    if value is None:
        return None
    place, worst, best = value, float(anchor["worst"]), float(anchor["best"])
    if anchor["scale"] == "logarithmic":
        place, worst, best = math.log1p(place), math.log1p(worst), math.log1p(best)
    return 100 * min(1, max(0, (place - worst) / (best - worst)))


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
