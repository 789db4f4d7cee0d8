"""A mirror follows its remote, whatever the remote does, and says what is wrong with it."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitinsight.errors import (
    Cancelled,
    NotVisible,
    UpstreamUnavailable,
)
from gitinsight.git.mirror import Mirror, Refs
from gitinsight.runtime.process import free_port
from tests.support.git import GitRepository
from tests.support.github import GitHub
from tests.support.upstream import Reply, Upstream


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


def test_the_remote_shows_its_branches_tags_and_default_branch(
    mirror: Mirror, remote: GitRepository
) -> None:
    main = remote.commit({"a": "1\n"})
    topic = remote.commit({"a": "2\n"}, branch="feature/topic", start=main)
    remote.git("tag", "light", main)
    remote.git("tag", "-a", "-m", "One", "v1", topic)

    refs = mirror.remote_refs()

    assert refs == Refs(
        {"main": main, "feature/topic": topic}, {"light": main, "v1": topic}, "main"
    )
    assert refs.tips == {main, topic}


def test_an_empty_remote_has_nothing(mirror: Mirror) -> None:
    mirror.fetch()

    assert mirror.remote_refs().tips == frozenset()
    assert held(mirror) == {}


def test_a_remote_whose_head_names_no_branch_has_no_default(
    mirror: Mirror, remote: GitRepository
) -> None:
    remote.git("update-ref", "--no-deref", "HEAD", remote.commit({"a": "1\n"}))

    assert mirror.remote_refs().default_branch is None


@pytest.mark.parametrize("name", ["a\u2028b", "a\x85b", "ünï/\U0001f680", "a'b;c"])
def test_a_branch_may_have_any_name_that_git_allows(
    mirror: Mirror, remote: GitRepository, name: str
) -> None:
    sha = remote.commit({"a": "1\n"})
    remote.git("branch", name, sha)
    remote.git("tag", name, sha)
    mirror.fetch()

    refs = mirror.remote_refs()

    assert (refs.branches, refs.tags) == ({"main": sha, name: sha}, {name: sha})
    assert mirror.tag_dates()[name][0] == sha


def _force_push(remote: GitRepository) -> None:
    remote.git("update-ref", "-d", "refs/heads/main")
    remote.commit({"b": "other\n"}, message="Unrelated\n")


def _move_tag(remote: GitRepository) -> None:
    remote.git("tag", "-f", "v1", remote.commit({"a": "9\n"}))


def _delete(remote: GitRepository) -> None:
    remote.git("branch", "-D", "topic")
    remote.git("tag", "-d", "v1")


def _make_a_directory_of_a_branch(remote: GitRepository) -> None:
    remote.git("branch", "-m", "topic", "topic/deeper")


@pytest.mark.parametrize("change", [_force_push, _move_tag, _delete, _make_a_directory_of_a_branch])
def test_the_mirror_becomes_what_the_remote_is(
    mirror: Mirror, remote: GitRepository, change: Callable[[GitRepository], None]
) -> None:
    first = remote.commit({"a": "1\n"})
    remote.git("branch", "topic", first)
    remote.git("tag", "v1", first)
    mirror.fetch()

    change(remote)
    mirror.fetch()

    refs = mirror.remote_refs()
    assert held(mirror) == {
        **{f"refs/heads/{name}": sha for name, sha in refs.branches.items()},
        **{f"refs/tags/{name}": sha for name, sha in refs.tags.items()},
    }
    assert mirror.commits_among([first]) == {first}


def test_locks_that_a_dead_worker_left_do_not_stop_the_next(
    mirror: Mirror, remote: GitRepository
) -> None:
    remote.commit({"a": "1\n"})
    mirror.fetch()
    for lock in ("HEAD.lock", "packed-refs.lock", "config.lock", "refs/heads/main.lock"):
        (mirror.path / lock).touch()

    newest = remote.commit({"a": "2\n"})
    mirror.fetch()

    assert held(mirror) == {"refs/heads/main": newest}


def test_a_mirror_that_was_half_made_is_completed(mirror: Mirror, remote: GitRepository) -> None:
    sha = remote.commit({"a": "1\n"})
    mirror.path.mkdir(parents=True)
    (mirror.path / "HEAD").write_text("ref: refs/heads/main\n")

    mirror.fetch()

    assert held(mirror) == {"refs/heads/main": sha}


def test_a_mirror_answers_what_it_holds(mirror: Mirror, remote: GitRepository) -> None:
    first = remote.commit({"a": "1\n"}, at=1_700_000_000)
    second = remote.commit({"a": "2\n"}, at=1_700_000_060)
    remote.git("tag", "light", first)
    remote.git("tag", "-a", "-m", "One", "v1", second)
    blob = remote.git("hash-object", "-w", "--stdin", data=b"no commit")
    remote.git("tag", "blob", blob)
    mirror.fetch()

    assert mirror.count("main") == 2
    assert list(mirror.reachable([second])) == [second, first]
    assert list(mirror.reachable([second], [first])) == [second]
    assert list(mirror.reachable([])) == []
    assert mirror.commits_among([first, blob, "1" * 40]) == {first}
    assert mirror.commits_among([]) == set()
    dates = mirror.tag_dates()
    assert dates["light"] == (first, False, "2023-11-14T22:13:20+00:00")
    assert dates["v1"][:2] == (second, True)
    assert dates["blob"] == (blob, False, "")


@pytest.mark.parametrize(
    ("when", "created"),
    [
        ("1700000000 +9999", "2023-11-14T22:13:20+00:00"),
        ("99999999999999 +0000", ""),
        ("-5 +0000", ""),
        ("yesterday", ""),
    ],
)
def test_a_tag_that_was_made_at_no_time_has_none(
    mirror: Mirror, remote: GitRepository, when: str, created: str
) -> None:
    sha = remote.commit({"a": "1\n"})
    text = f"object {sha}\ntype commit\ntag v1\ntagger A <a@x> {when}\n\nm\n"
    tag = remote.git("hash-object", "-t", "tag", "-w", "--stdin", "--literally", data=text.encode())
    remote.git("update-ref", "refs/tags/v1", tag)
    mirror.fetch()

    assert mirror.tag_dates() == {"v1": (sha, True, created)}


def test_a_bundle_file_is_a_remote(tmp_path: Path, remote: GitRepository) -> None:
    sha = remote.commit({"a": "1\n"})
    remote.git("bundle", "create", "../all.bundle", "--all")
    mirror = Mirror(tmp_path / "m.git", str(tmp_path / "all.bundle"))

    mirror.fetch()

    assert held(mirror) == {"refs/heads/main": sha}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a directory away")
@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_repository_of_somebody_else_on_this_machine_can_be_read(
    tmp_path: Path, remote: GitRepository, prefix: str
) -> None:
    sha = remote.commit({"a": "1\n"})
    for path in (remote.path, *remote.path.rglob("*")):
        os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)
    mirror = Mirror(tmp_path / "m.git", f"{prefix}{remote.path}")

    mirror.fetch()

    assert mirror.remote_refs().branches == {"main": sha}
    assert held(mirror) == {"refs/heads/main": sha}


def test_a_repository_that_the_caller_works_in_is_never_touched(
    tmp_path: Path, mirror: Mirror, remote: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a hook of git, which runs with GIT_DIR set."""
    remote.commit({"a": "theirs\n"})
    own = GitRepository(tmp_path / "own.git")
    before = own.commit({"a": "mine\n"})
    monkeypatch.setenv("GIT_DIR", str(own.path))

    mirror.fetch()

    assert own.git("rev-parse", "main") == before
    assert mirror.count("main") == 1


def test_a_remote_over_http_is_mirrored(tmp_path: Path, github: GitHub) -> None:
    mirror = Mirror(
        tmp_path / "m.git", github.clone_url.format(owner="synthetic-labs", name="borealis")
    )

    mirror.fetch()

    refs = mirror.remote_refs()
    assert refs.default_branch == "main"
    assert held(mirror)["refs/heads/main"] == refs.branches["main"]


@pytest.mark.parametrize("suffix", ["none.git", "directory", "no.bundle", "file"])
def test_a_remote_that_is_not_there_is_not_visible(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "no.bundle").write_text("nonsense")
    (tmp_path / "file").touch()
    mirror = Mirror(tmp_path / "m.git", str(tmp_path / suffix))

    for ask in (mirror.remote_refs, mirror.fetch):
        with pytest.raises(NotVisible) as caught:
            ask()

        assert str(tmp_path / suffix) in caught.value.reason


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(401, headers={"www-authenticate": 'Basic realm="GitHub"'}), NotVisible),
        (Reply(403), NotVisible),
        (Reply(404), NotVisible),
        (Reply(451), NotVisible),
        (Reply(429), UpstreamUnavailable),
        (Reply(500), UpstreamUnavailable),
        (Reply(503), UpstreamUnavailable),
        (Reply(is_lost=True), UpstreamUnavailable),
        (Reply(body=b"<html>\nUnicorn!\n</html>"), UpstreamUnavailable),
    ],
    ids=["401", "403", "404", "451", "429", "500", "503", "lost", "html"],
)
def test_a_remote_that_refuses_is_told_from_one_that_is_broken(
    tmp_path: Path, upstream: Upstream, reply: Reply, error: type[Exception]
) -> None:
    upstream.replies = [reply]
    mirror = Mirror(tmp_path / "m.git", f"{upstream.url}/o/n.git")

    with pytest.raises(error):
        mirror.remote_refs()


@pytest.mark.parametrize("body", [b"", b"<html>Unicorn!</html>"])
def test_a_page_of_a_proxy_is_not_taken_for_a_remote_that_lost_everything(
    mirror: Mirror, remote: GitRepository, upstream: Upstream, body: bytes
) -> None:
    """Git itself takes it for one: not a line of it is wrong, because it has no whole line."""
    remote.commit({"a": "1\n"})
    mirror.fetch()
    upstream.replies = [Reply(body=body)]

    with pytest.raises(UpstreamUnavailable, match="shows no branch and no tag any more"):
        Mirror(mirror.path, f"{upstream.url}/o/n.git").remote_refs()


def test_a_remote_that_nobody_serves_is_unavailable(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "m.git", f"http://127.0.0.1:{free_port(0)}/o/n.git")

    with pytest.raises(UpstreamUnavailable, match=r"unable to access 'http://127\.0\.0\.1"):
        mirror.remote_refs()


def test_a_remote_that_hangs_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"git://127.0.0.1:{silent.getsockname()[1]}/o/n.git"
        mirror = Mirror(tmp_path / "m.git", url, timeout_seconds=0.3)

        with pytest.raises(UpstreamUnavailable, match="did not finish in time"):
            mirror.remote_refs()


def test_whoever_is_cancelled_waits_for_no_remote(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"git://127.0.0.1:{silent.getsockname()[1]}/o/n.git"
        mirror = Mirror(tmp_path / "m.git", url, is_cancelled=lambda: True)

        with pytest.raises(Cancelled):
            mirror.remote_refs()


SPY = """#!/bin/sh
real={git}
echo "$*" >> {seen}.arguments
for url in https://github.com/o/n.git https://elsewhere.example/o/n.git; do
    echo "$("$real" config --get-urlmatch http.extraHeader "$url")" >> {seen}.headers
done
exit 0
"""


@pytest.mark.parametrize(
    ("url", "header"),
    [
        # echo -n x-access-token:ghp_secret | base64
        ("https://github.com/o/n.git",
         "Authorization: Basic eC1hY2Nlc3MtdG9rZW46Z2hwX3NlY3JldA=="),
        ("https://somebody@github.com/o/n.git",
         "Authorization: Basic eC1hY2Nlc3MtdG9rZW46Z2hwX3NlY3JldA=="),
        ("http://github.com/o/n.git", ""),
        ("git@github.com:o/n.git", ""),
    ],
)  # fmt: skip
def test_the_token_is_sent_to_its_host_over_https_alone_and_is_in_no_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, header: str
) -> None:
    seen, spy = tmp_path / "seen", tmp_path / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(SPY.format(git=shutil.which("git"), seen=seen))
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    mirror = Mirror(tmp_path / "m.git", url, token=lambda: "ghp_secret")

    mirror.remote_refs()
    mirror.fetch()

    arguments = Path(f"{seen}.arguments").read_text()
    assert "ls-remote" in arguments
    assert "secret" not in arguments
    sent = [one for one in Path(f"{seen}.headers").read_text().splitlines() if one]
    assert sent == [header] * 2 * bool(header)


def test_a_tag_of_a_tag_names_the_commit_in_the_end(mirror: Mirror, remote: GitRepository) -> None:
    sha = remote.commit({"a": "1\n"})
    remote.git("tag", "-a", "-m", "One", "inner", sha)
    remote.git("tag", "-a", "-m", "Two", "outer", "inner")

    assert mirror.remote_refs().tags == {"inner": sha, "outer": sha}


def test_a_remote_that_says_nothing_over_http_is_given_up(
    tmp_path: Path, upstream: Upstream
) -> None:
    upstream.replies = [Reply(delay_seconds=60)]
    mirror = Mirror(tmp_path / "m.git", f"{upstream.url}/o/n.git", low_speed_seconds=1)

    with pytest.raises(UpstreamUnavailable, match=r"too slow|timed out"):
        mirror.remote_refs()


def test_nobody_is_ever_asked_for_a_password(
    tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.replies = [Reply(401, headers={"www-authenticate": 'Basic realm="GitHub"'})]
    ask, asked = tmp_path / "ask", tmp_path / "asked"
    ask.write_text(f"#!/bin/sh\ntouch {asked}\necho secret\n")
    ask.chmod(0o755)
    for name in ("GIT_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.setenv(name, str(ask))

    with pytest.raises(NotVisible):
        Mirror(tmp_path / "m.git", f"{upstream.url}/o/n.git").remote_refs()

    assert not asked.exists()
