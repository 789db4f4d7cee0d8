"""A mirror whose disk, worker or remote fails: nothing half read, and the next attempt is whole."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gitinsight.errors import BrokenEnvironment, MirrorBroken, TooLarge
from gitinsight.git.mirror import Mirror
from tests.support.git import GitRepository


@pytest.fixture
def remote(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path / "remote.git")


@pytest.fixture
def mirror(tmp_path: Path, remote: GitRepository) -> Mirror:
    return Mirror(tmp_path / "mirrors" / "1.git", str(remote.path))


def held(mirror: Mirror) -> dict[str, str]:
    """The refs of the mirror itself."""
    listed = subprocess.run(
        ["git", "for-each-ref", "--format=%(refname) %(objectname)"],
        cwd=mirror.path, capture_output=True, check=True, text=True,
    )  # fmt: skip
    return dict(line.rsplit(" ", 1) for line in listed.stdout.splitlines())


def test_a_shallow_checkout_is_read_as_far_as_it_goes(
    tmp_path: Path, remote: GitRepository
) -> None:
    for number in range(4):
        remote.commit({"a": f"{number}\n"})
    remote.git("clone", "--quiet", "--depth=2", f"file://{remote.path}", str(tmp_path / "shallow"))
    mirror = Mirror(tmp_path / "m.git", str(tmp_path / "shallow"))

    mirror.fetch()

    assert mirror.count("main") == 2


def test_a_remote_of_sha_256_is_mirrored(tmp_path: Path) -> None:
    remote = GitRepository(tmp_path / "remote.git", object_format="sha256")
    mirror = Mirror(tmp_path / "m.git", str(remote.path))
    sha = remote.commit({"a": "1\n"})

    assert mirror.remote_refs().branches == {"main": sha}
    mirror.fetch()

    assert held(mirror) == {"refs/heads/main": sha}
    assert len(sha) == 64


def test_a_remote_that_pretends_another_history_is_mirrored_as_it_is(
    mirror: Mirror, remote: GitRepository
) -> None:
    first = remote.commit({"a": "1\n"})
    second = remote.commit({"a": "2\n"})
    other = remote.commit({"z": "1\n"}, branch="other")
    remote.git("replace", second, other)
    (remote.path / "info" / "grafts").write_text(f"{second}\n")

    mirror.fetch()

    assert list(mirror.reachable([second])) == [second, first]
    assert held(mirror) == {"refs/heads/main": second, "refs/heads/other": other}


def _noise(remote: GitRepository, megabytes: int) -> str:
    return remote.commit({f"noise{n}": os.urandom(2**20) for n in range(megabytes)})


def test_a_remote_that_is_too_large_leaves_nothing_behind(
    mirror: Mirror, remote: GitRepository
) -> None:
    _noise(remote, 2)
    small = Mirror(mirror.path, mirror.url, max_bytes=2**20)

    with pytest.raises(TooLarge, match="1048576 bytes"):
        small.fetch()

    assert not mirror.path.exists()


FETCH = """
import sys
from pathlib import Path
from gitinsight.git.mirror import Mirror
Mirror(Path(sys.argv[1]), sys.argv[2]).fetch()
"""


def test_a_worker_that_is_killed_while_it_fetches_leaves_nothing_that_the_next_one_minds(
    mirror: Mirror, remote: GitRepository
) -> None:
    sha = _noise(remote, 4)
    worker = subprocess.Popen([sys.executable, "-c", FETCH, str(mirror.path), mirror.url])
    pack = mirror.path / "objects" / "pack"
    while worker.poll() is None and not list(pack.glob("tmp_pack_*")):
        time.sleep(0.001)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    (pack / "tmp_pack_dead").write_bytes(b"PACK")

    mirror.fetch()

    assert list(mirror.reachable([sha])) == [sha]
    assert list(pack.glob("tmp_*")) == []


def _cut_pack(mirror: Mirror) -> None:
    (pack,) = (mirror.path / "objects" / "pack").glob("*.pack")
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:20])


def _lose_pack(mirror: Mirror) -> None:
    for one in (mirror.path / "objects" / "pack").iterdir():
        one.unlink()


def _garble_refs(mirror: Mirror) -> None:
    (mirror.path / "packed-refs").write_text("nonsense\n")


def _lose_head(mirror: Mirror) -> None:
    (mirror.path / "HEAD").write_text("")


def test_a_broken_mirror_is_never_taken_for_the_checkout_around_it(
    tmp_path: Path, remote: GitRepository
) -> None:
    """The state directory lies in a checkout; git itself would go up until it finds one."""
    remote.commit({"a": "1\n"})
    around = tmp_path / "checkout"
    subprocess.run(["git", "init", "--quiet", str(around)], check=True)
    mirror = Mirror(around / "m.git", str(remote.path))
    mirror.fetch()
    _lose_head(mirror)

    with pytest.raises(MirrorBroken):
        mirror.fetch()
    with pytest.raises(MirrorBroken):
        mirror.count("main")

    assert list((around / ".git" / "refs" / "heads").iterdir()) == []


@pytest.mark.parametrize("harm", [_cut_pack, _lose_pack, _garble_refs, _lose_head])
def test_a_mirror_that_is_broken_says_so_or_is_mended(
    mirror: Mirror, remote: GitRepository, harm: Callable[[Mirror], None]
) -> None:
    _noise(remote, 1)
    remote.commit({"a": "0\n"})
    mirror.fetch()
    harm(mirror)
    newest = remote.commit({"a": "1\n"})

    try:
        mirror.fetch()
        found = list(mirror.reachable([newest]))
    except MirrorBroken:
        mirror.discard()
        mirror.fetch()
        found = list(mirror.reachable([newest]))

    assert len(found) == 3


def test_a_disk_without_room_is_a_trouble_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = tmp_path / "bin" / "git"
    full.parent.mkdir()
    full.write_text("#!/bin/sh\necho 'fatal: write error: No space left on device' >&2\nexit 128\n")
    full.chmod(0o755)
    monkeypatch.setenv("PATH", f"{full.parent}:{os.environ['PATH']}")

    mirror = Mirror(tmp_path / "m.git", "https://github.test/o/n.git")

    with pytest.raises(BrokenEnvironment, match="No space left on device; make room"):
        mirror.fetch()


def test_a_state_directory_that_is_none_is_a_trouble_of_this_machine(
    tmp_path: Path, remote: GitRepository
) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(BrokenEnvironment, match="Not a directory"):
        Mirror(tmp_path / "file" / "m.git", str(remote.path)).fetch()
