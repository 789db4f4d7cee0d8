"""Backups are proved by restoring them; what is not as it was saved is refused."""

import json
import shutil
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from flows import backup
from flows.backup import NotAsItWas
from gitinsight import clock
from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime import state
from gitinsight.settings import Settings
from tests.support.commands import gitinsight, variables
from warehouse import contents, databases


@pytest.fixture
def told(analysed: Settings) -> Iterator[Settings]:
    """A warehouse with everything that one analysis leaves, and keys."""
    state.admin_key(analysed.state_dir)
    state.encryption_key(analysed.state_dir)
    yield analysed
    with closing(psycopg.connect(analysed.warehouse_url, autocommit=True)) as connection:
        left = connection.execute(
            "select datname from pg_database where datname ~ '^gitinsight_(proof|restored|before)'"
        ).fetchall()
    for (name,) in left:
        databases.drop(analysed.warehouse_url, name)


@pytest.fixture
def made(told: Settings) -> backup.Backup:
    return backup.make(told.warehouse_url, backup.directory_of(told), told.state_dir, clock.now())


def databases_of(settings: Settings) -> set[str]:
    with closing(psycopg.connect(settings.warehouse_url)) as connection:
        return {
            name for (name,) in connection.execute("select datname from pg_database").fetchall()
        }


def test_a_backup_is_made_proved_and_restored_over_a_warehouse_that_was_damaged(
    told: Settings,
) -> None:
    environment = variables(told)
    done = gitinsight(environment, "backup", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert "restored and compared" in done.stderr
    before = contents.contents(told.warehouse_url)
    assert row["rows"] == sum(count for count, _ in before.tables.values()) > 1_000
    with closing(psycopg.connect(told.warehouse_url, autocommit=True)) as connection:
        connection.execute("delete from marts.repository_summary")
    (told.state_dir / "encryption.key").write_text("another")

    refused = gitinsight(environment, "restore", row["backup"])
    restored = gitinsight(environment, "restore", row["backup"], "--replace")

    assert refused.returncode == 1
    assert "say --replace" in refused.stderr
    assert restored.returncode == 0, restored.stderr
    assert contents.differences(before, contents.contents(told.warehouse_url)) == []
    key = (told.state_dir / "encryption.key").read_bytes()
    assert key == (backup.directory_of(told) / row["backup"] / "encryption.key").read_bytes()
    assert (told.state_dir / f"encryption.key.before-{row['backup']}").read_text() == "another"
    assert [one for one in databases_of(told) if one.startswith("gitinsight_before")]
    assert gitinsight(environment, "jobs").returncode == 0


def test_nothing_is_left_of_a_backup_that_could_not_be_finished(told: Settings) -> None:
    key = told.state_dir / "encryption.key"
    key.unlink()
    key.mkdir()  # which cannot be copied as a file

    with pytest.raises(BrokenEnvironment, match=r"cannot be written: .*BACKUP__DIRECTORY"):
        backup.make(told.warehouse_url, backup.directory_of(told), told.state_dir, clock.now())

    assert list(backup.directory_of(told).iterdir()) == []


def test_it_is_restored_beside_the_warehouse_into_a_new_database_or_none(
    told: Settings, made: backup.Backup
) -> None:
    """Whatever is there is somebody else's, an empty one like `postgres`, too."""
    environment, before = variables(told), databases_of(told)

    refused = gitinsight(environment, "restore", str(made.path), "--into", "postgres")
    restored = gitinsight(environment, "restore", str(made.path), "--into", "gitinsight_restored_1")
    manifest = json.loads((made.path / "manifest.json").read_text())
    manifest["held"]["tables"].popitem()
    (made.path / "manifest.json").write_text(json.dumps(manifest))
    failed = gitinsight(environment, "restore", str(made.path), "--into", "gitinsight_restored_2")

    assert (refused.returncode, restored.returncode, failed.returncode) == (1, 0, 1)
    assert "there is a database postgres; give the name of a new one" in refused.stderr
    assert databases_of(told) - before == {"gitinsight_restored_1"}


def test_nothing_is_left_of_a_proof(told: Settings, made: backup.Backup) -> None:
    before = databases_of(told)

    assert made.row()["is_proved"] is False
    backup.prove(made, told.warehouse_url)

    assert databases_of(told) == before
    assert made.row()["is_proved"] is True


def test_a_backup_that_is_not_what_it_says_is_not_believed(
    told: Settings, made: backup.Backup
) -> None:
    """Of its files, and of what they hold."""
    name = made.path / "manifest.json"
    manifest = json.loads(name.read_text())
    table = max(manifest["held"]["tables"], key=lambda one: manifest["held"]["tables"][one][0])
    manifest["held"]["tables"][table][0] += 1
    name.write_text(json.dumps(manifest))
    with pytest.raises(NotAsItWas, match=f"{table} has"):
        backup.prove(backup.read(made.path), told.warehouse_url)
    assert made.row()["is_proved"] is False

    with (made.path / "warehouse.dump").open("ab") as dump:
        dump.write(b"x")
    with pytest.raises(NotAsItWas, match=r"warehouse\.dump is not the file"):
        backup.read(made.path)


def test_one_that_is_damaged_hides_no_other(told: Settings, made: backup.Backup) -> None:
    later = shutil.copytree(made.path, made.path.with_name("29991231T000000Z"))
    later.joinpath("warehouse.dump").write_bytes(b"x")
    shutil.copytree(later, made.path.with_name("29991230T000000Z")).joinpath(
        "manifest.json"
    ).write_bytes(b"\xff")
    shutil.copytree(later, made.path.with_name("29991229T000000Z")).joinpath(
        "manifest.json"
    ).write_text("{}")

    done = gitinsight(variables(told), "backups", "--json")

    assert done.returncode == 3
    assert [(row["backup"], row["is_whole"]) for row in json.loads(done.stdout)] == [
        ("29991231T000000Z", False), ("29991230T000000Z", False), ("29991229T000000Z", False),
        (made.path.name, True),
    ]  # fmt: skip


def test_nothing_is_restored_over_what_somebody_uses(told: Settings, made: backup.Backup) -> None:
    before = databases_of(told)
    with closing(psycopg.connect(told.warehouse_url)):
        done = gitinsight(variables(told), "restore", str(made.path), "--replace")

    assert done.returncode == 1
    assert "somebody is connected" in done.stderr
    assert databases_of(told) == before


def test_only_the_newest_are_kept_and_half_a_backup_is_none(tmp_path: Path) -> None:
    backups_of_days(tmp_path, range(1, 6), proved=range(1, 6))
    (tmp_path / "20260109T000000Z.part").mkdir()
    (tmp_path / "20260109T000000Z.part" / "manifest.json").touch()
    (tmp_path / "of-somebody-else").mkdir()

    gone = backup.prune(tmp_path, 2)

    assert gone == ["20260103T000000Z", "20260102T000000Z", "20260101T000000Z"]
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "20260104T000000Z", "20260105T000000Z", "20260109T000000Z.part", "of-somebody-else",
    ]  # fmt: skip


def test_one_that_was_not_proved_stands_in_for_none_that_was(tmp_path: Path) -> None:
    backups_of_days(tmp_path, range(1, 9), proved={1, 3, 4, 8})

    assert backup.prune(tmp_path, 2) == ["20260103T000000Z", "20260102T000000Z", "20260101T000000Z"]
    assert sorted(int(one.name[6:8]) for one in tmp_path.iterdir()) == [4, 5, 6, 7, 8]


def backups_of_days(directory: Path, days: range, *, proved: Collection[int]) -> None:
    for day in days:
        path = directory / f"2026010{day}T000000Z"
        path.mkdir()
        (path / "manifest.json").touch()
        if day in proved:
            (path / "proved").touch()


def test_keys_are_for_nobody_else(made: backup.Backup) -> None:
    assert made.path.stat().st_mode & 0o777 == 0o700
    assert {(made.path / name).stat().st_mode & 0o777 for name in backup.KEYS} == {0o600}


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenEnvironment, match="is no backup"):
        backup.read(tmp_path)
