"""What the commands share."""

import os
import threading
from pathlib import Path

import pytest

from flows.command import read_settings, warehouse, written
from gitinsight.errors import BrokenEnvironment
from gitinsight.settings import Settings, as_environment
from warehouse.migrate import differences


def test_a_command_gets_a_warehouse_that_is_up_to_date(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)

    with warehouse() as (told, engine):
        assert told.warehouse_url == settings.warehouse_url
        assert differences(engine) == []
        pool = engine.pool
    assert pool.checkedin() == 0  # type: ignore[attr-defined]


def test_a_setting_that_is_none_stops_a_command_before_it_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITINSIGHT_LOG_LEVEL", "loud")

    with pytest.raises(ValueError, match="log_level"):
        read_settings()


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "figures.csv"
    path.write_bytes(b"those of before")

    full = OSError(28, "No space left on device")
    with pytest.raises(BrokenEnvironment, match="cannot be written: No space left"):
        _fail_halfway(path, full)
    assert path.read_bytes() == b"those of before"
    with pytest.raises(KeyboardInterrupt):
        _fail_halfway(path, KeyboardInterrupt())
    assert path.read_bytes() == b"those of before"
    with written(path) as file:
        file.write(b"all")
    assert path.read_bytes() == b"all"
    assert [*tmp_path.iterdir()] == [path]


def test_a_link_stays_one_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to("file")
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()

    for path in (link, pipe):
        with written(path) as file:
            file.write(b"all")
    reader.join()

    assert (link.is_symlink(), link.read_bytes(), read) == (True, b"all", [b"all"])


def _fail_halfway(path: Path, error: BaseException) -> None:
    with written(path) as file:
        file.write(b"half")
        raise error
