"""The state directory is made sure of before anything starts, and its secrets are kept."""

import resource
import signal
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime import state
from gitinsight.vault import Vault


def test_it_is_made_where_there_is_none_and_kept_where_there_is_one(tmp_path: Path) -> None:
    home = tmp_path / "not" / "yet"

    state.prepare(home)
    (home / "mirrors" / "1.git").mkdir()
    state.prepare(home)

    assert sorted(one.name for one in home.iterdir()) == ["logs", "mirrors", "run"]
    assert (home / "mirrors" / "1.git").exists()


def _a_file(path: Path) -> Path:
    path.touch()
    return path


def _below_a_file(path: Path) -> Path:
    path.touch()
    return path / "state"


def _logs_is_a_file(path: Path) -> Path:
    path.mkdir()
    (path / "logs").touch()
    return path


def _no_disk(_path: Path) -> Path:
    return Path("/proc/self/gitinsight")


def _name_too_long(path: Path) -> Path:
    return path / ("x" * 300)


@pytest.mark.parametrize(
    "broken", [_a_file, _below_a_file, _logs_is_a_file, _no_disk, _name_too_long]
)
def test_a_directory_that_cannot_be_used_is_named_with_what_to_do(
    tmp_path: Path, broken: Callable[[Path], Path]
) -> None:
    home = broken(tmp_path / "state")

    with pytest.raises(BrokenEnvironment) as caught:
        state.prepare(home)

    assert str(home) in caught.value.problem
    assert "GITINSIGHT_STATE_DIR" in caught.value.hint


def test_a_full_disk_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(
        BrokenEnvironment, match=r"the disk .* is full: \d+ MB free; give it 500 MB"
    ):
        state.prepare(tmp_path, needed_bytes=2**62)


def test_a_secret_stays_what_it_is_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "postgres.password"

    first = state.secret(path)

    assert len(first) >= 24
    assert state.secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert state.secret(tmp_path / "other") != first
    assert sorted(one.name for one in tmp_path.iterdir()) == ["other", "postgres.password"]


def test_whoever_asks_at_the_same_time_gets_the_same_secret(tmp_path: Path) -> None:
    for turn in range(20):
        path, seen = tmp_path / f"{turn}", set[str]()
        start = threading.Barrier(4)

        def ask(path: Path = path, seen: set[str] = seen, start: threading.Barrier = start) -> None:
            start.wait()
            seen.add(state.secret(path))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert seen == {path.read_text()}


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"

    for body in (b"first", b"second"):
        state.write_whole(path, body)

        assert path.read_bytes() == body
        assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_of_what_did_not_fit(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            state.write_whole(tmp_path / "file", b"x" * 2_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)

    assert [*tmp_path.iterdir()] == []


def test_the_admin_key_is_a_secret_of_the_state_directory(tmp_path: Path) -> None:
    assert state.admin_key(tmp_path) == state.secret(tmp_path / "admin.key")


def test_the_key_that_seals_is_made_once_and_seals(tmp_path: Path) -> None:
    key = state.encryption_key(tmp_path)

    assert state.encryption_key(tmp_path) == key
    assert Vault([key]).open(Vault([key]).seal(b"x")) == b"x"
    assert stat.S_IMODE((tmp_path / "encryption.key").stat().st_mode) == 0o600
