"""Each thing that is wrong is found, with what mends it, and what is well is told to be."""

import socket
from collections.abc import Iterable
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import httpx2
import pytest
from alembic import command
from alembic.config import Config

from flows import findings
from flows.findings import Finding
from gitinsight import clock
from gitinsight.runtime.process import free_port
from gitinsight.settings import Settings
from tests.support.github import GitHub
from tests.support.rows import add_repository, claim
from warehouse.engine import Engine


def told(settings: Settings, **parts: dict[str, object]) -> Settings:
    """The settings with some of some parts exchanged."""
    changed = {
        name: type(getattr(settings, name)).model_validate(
            getattr(settings, name).model_dump() | values
        )
        for name, values in parts.items()
    }
    return settings.model_copy(update=changed)


def one(found: Iterable[Finding], what: str) -> Finding:
    (only,) = [finding for finding in found if finding.what == what]
    return only


def test_the_worst_decides_how_it_ends() -> None:
    well, look, broken = (Finding("x", level, "y") for level in ("ok", "warning", "error"))  # type: ignore[arg-type]

    assert findings.exit_code([well]) == 0
    assert findings.exit_code([well, look]) == 3
    assert findings.exit_code([look, broken, well]) == 1


def test_a_port_that_somebody_has_taken_is_found(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        changed = told(settings, api={"port": port}, orchestrator={"port": free_port(0)})

        found = one(findings.look(changed), "ports")

    assert (found.level, found.said) == ("warning", f"port {port} of the API is in use")
    assert found.mend is not None
    assert "GITINSIGHT_API__PORT" in found.mend


def test_a_warehouse_that_is_well_is_told_to_be(settings: Settings, warehouse: Engine) -> None:
    found = list(findings.warehouse(warehouse, settings))

    assert {finding.level for finding in found} == {"ok"}
    assert {finding.what for finding in found} == {
        "warehouse", "migrations", "postgresql", "jobs", "figures"
    }  # fmt: skip


def test_tables_that_are_old_or_not_there_or_newer_are_found(
    settings: Settings, warehouse: Engine
) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("warehouse") / "migrations"))
    with warehouse.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
        connection.commit()
    old = one(findings.warehouse(warehouse, settings), "migrations")
    with warehouse.begin() as connection:
        connection.exec_driver_sql("update ops.alembic_version set version_num = '9999'")
    newer = one(findings.warehouse(warehouse, settings), "migrations")
    with warehouse.begin() as connection:
        connection.exec_driver_sql("drop table ops.alembic_version")
    none = one(findings.warehouse(warehouse, settings), "migrations")

    assert {old.level, newer.level, none.level} == {"error"}
    assert (old.mend, none.mend) == ("gitinsight migrate", "gitinsight migrate")
    assert newer.mend == "install the newer GitInsight"


def test_a_warehouse_that_does_not_answer_keeps_nothing_else_from_being_looked_at(
    settings: Settings,
) -> None:
    away = told(settings, warehouse={"url": "postgresql://u:p@127.0.0.1:1/d"})

    found = findings.look(away)

    assert one(found, "warehouse").level == "error"
    assert one(found, "tokens").level == "ok"


def test_jobs_without_a_worker_and_repositories_without_figures_are_found(
    settings: Settings, warehouse: Engine
) -> None:
    claim(warehouse, add_repository(warehouse))  # half a year ago

    found = list(findings.warehouse(warehouse, settings))

    lost = one(found, "jobs")
    assert (lost.level, lost.mend) == ("error", "gitinsight run worker")
    assert one(found, "figures").mend == "gitinsight analyze octo/app"


def test_redis_that_is_away_is_found(settings: Settings) -> None:
    found = one(findings.look(told(settings, redis={"url": "redis://127.0.0.1:1"})), "redis")

    assert found.level == "warning"


def test_a_prefect_that_is_away_is_found(settings: Settings) -> None:
    away = told(settings, orchestrator={"api_url": "http://127.0.0.1:1/api"})

    found = one(findings.look(away), "prefect")

    assert (found.level, found.mend) == ("error", "gitinsight run prefect")


def test_no_token_one_that_is_worth_nothing_and_one_that_is_used_up_are_found(
    settings: Settings, github: GitHub
) -> None:
    def tokens(changed: Settings) -> Finding:
        return one(findings.github(changed, clock.now()), "tokens")

    well = tokens(settings)
    assert (well.level, well.mend) == ("ok", None)
    assert "core" in well.said
    assert tokens(told(settings, github={"tokens": ""})).mend == "set GITHUB_TOKEN"

    github.control(limits={"with token": 10})
    for _ in range(10):
        httpx2.get(
            f"{github.url}/repos/synthetic-labs/aurora",
            headers={"authorization": "Bearer test-token"},
        )
    scarce = tokens(settings)
    assert scarce.level == "warning"
    assert (scarce.mend or "").startswith("wait until")

    github.control(revoke_after=1)
    revoked = [tokens(settings) for _ in range(3)][-1]
    assert revoked.level == "error"
    assert "GITINSIGHT_GITHUB__TOKENS" in (revoked.mend or "")
    assert "test-token" not in f"{revoked}"


@pytest.mark.parametrize(("skew", "level"), [(2, "ok"), (100, "warning"), (1_000, "error")])
def test_a_clock_that_is_wrong_is_found_by_githubs(
    settings: Settings, skew: int, level: str
) -> None:
    found = one(findings.github(settings, clock.now() - timedelta(seconds=skew)), "clock")

    assert found.level == level
    assert level == "ok" or found.said.endswith("behind GitHub's")


def test_a_backup_that_is_old_or_missing_is_found(settings: Settings, tmp_path: Path) -> None:
    changed = told(settings, backup={"directory": tmp_path})
    none = one(findings.look(changed), "backup")
    for at, expected in ((timedelta(hours=60), "warning"), (timedelta(hours=1), "ok")):
        path = tmp_path / (clock.now() - at).strftime("%Y%m%dT%H%M%SZ")
        path.mkdir()
        (path / "manifest.json").touch()
        assert one(findings.look(changed), "backup").level == expected

    assert (none.level, none.mend) == ("warning", "gitinsight backup")


def test_a_disk_without_room_is_found(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "_FULL_BYTES", 2**60)
    assert one(findings.look(settings), "disk").level == "error"

    monkeypatch.setattr(findings, "_FULL_BYTES", 0)
    monkeypatch.setattr(findings, "_SCARCE_BYTES", 2**60)
    assert one(findings.look(settings), "disk").level == "warning"
