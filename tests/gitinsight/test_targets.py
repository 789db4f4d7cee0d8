"""What a person may call a repository, and what it is taken for."""

from pathlib import Path

import pytest

from gitinsight import targets
from gitinsight.errors import InvalidName, NotVisible, RateLimited, UnexpectedPayload
from gitinsight.settings import Settings
from gitinsight.targets import GIT, Account, Found, Target
from tests.support.git import GitRepository
from tests.support.github import GitHub
from tests.support.upstream import Reply, Upstream

API = "https://api.github.com"
ON_GITHUB = Target(API, "octo/hello.world", "https://github.com/octo/hello.world.git")


def settings_for(api_url: str = API, simulator: str | None = None) -> Settings:
    return Settings.model_validate(
        {"github": {"api_url": api_url, "tokens": "t"}, "simulator": {"url": simulator}}
    )


@pytest.mark.parametrize(
    "text",
    [
        "octo/hello.world",
        "https://github.com/octo/hello.world",
        "https://github.com/octo/hello.world/",
        "https://github.com/octo/hello.world.git",
        "https://GitHub.com/octo/hello.world",
        "https://www.github.com/octo/hello.world",
        "https://somebody:secret@github.com/octo/hello.world.git",
        "http://github.com/octo/hello.world",
        "git@github.com:octo/hello.world.git",
        "ssh://git@github.com/octo/hello.world.git",
        "git://github.com/octo/hello.world.git",
    ],
)
def test_every_way_to_write_a_repository_on_github_means_the_same(text: str) -> None:
    assert targets.parse(text, settings_for()) == ON_GITHUB
    assert targets.parse_name(text, settings_for()) == ON_GITHUB


@pytest.mark.parametrize("text", ["mona_octo/x", "a/b", "o/.github", "o/..."])
def test_unusual_names_that_github_knows_are_names(text: str) -> None:
    assert targets.parse_name(text, settings_for()).full_name == text


@pytest.mark.parametrize(
    ("api_url", "text", "is_ours"),
    [
        ("https://ghe.example/api/v3", "https://ghe.example/octo/x", True),
        ("https://ghe.example:8443/api/v3", "https://ghe.example:8443/octo/x", True),
        ("https://ghe.example/api/v3", "https://github.com/octo/x", False),
        ("https://api.corp.ghe.com", "git@corp.ghe.com:octo/x.git", True),
    ],
)
def test_the_host_that_is_configured_is_github(api_url: str, text: str, *, is_ours: bool) -> None:
    assert targets.parse(text, settings_for(api_url)).host == (api_url if is_ours else GIT)


@pytest.mark.parametrize(
    "text",
    [
        "https://gitlab.com/octo/hello.git",
        "git@codeberg.org:octo/hello.git",
        "https://github.com.evil.example/octo/hello.git",
        "https://evilgithub.com/octo/hello.git",
        "https://api.github.com/octo/hello.git",
        "ssh://git@github.com:2222/octo/hello.git",
    ],
)
def test_a_foreign_host_is_a_git_remote_and_never_taken_for_github(text: str) -> None:
    assert targets.parse(text, settings_for()) == Target(GIT, "octo/hello", text)
    with pytest.raises(InvalidName):
        targets.parse_name(text, settings_for())


@pytest.mark.parametrize("secret", ["github.com", "somebody:token", "x:a%40b"])
def test_what_a_url_says_before_its_host_is_not_kept(secret: str) -> None:
    found = targets.parse(f"https://{secret}@evil.example/octo/hello.git", settings_for())

    assert found == Target(GIT, "octo/hello", "https://evil.example/octo/hello.git")


def test_a_directory_with_a_repository_is_read_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    (work / ".git").mkdir(parents=True)
    bare = GitRepository(tmp_path / "bare.git").path
    monkeypatch.chdir(work)

    settings = settings_for()
    assert targets.parse(str(work), settings) == Target(GIT, "local/work", str(work))
    assert targets.parse(".", settings) == Target(GIT, "local/work", str(work))
    assert targets.parse("../bare.git", settings) == Target(GIT, "local/bare.git", str(bare))


def test_a_bundle_file_is_a_repository(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "r.git")
    repository.commit({"a": "1\n"})
    repository.git("bundle", "create", "../history.bundle", "--all")
    bundle = tmp_path / "history.bundle"

    assert targets.parse(str(bundle), settings_for()) == Target(GIT, "local/history", str(bundle))


def test_a_name_that_the_api_is_given_is_never_looked_up_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "octo" / "hello.world" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert targets.parse_name("octo/hello.world", settings_for()) == ON_GITHUB
    with pytest.raises(InvalidName):
        targets.parse_name(str(tmp_path), settings_for())


NONSENSE = [
    "", " ", "octo", "octo/", "/hello", "octo/hello/world", "octo hello", "-octo/hello",
    "octo/hello?tab=readme", "octo/..", "octo/.", "octo/" + "n" * 101, "o" * 40 + "/x",
    "https://github.com/octo", "https://github.com/octo/hello/issues/1", "ftp://github.com/a/b",
    "~nobody-has-this-name/x", "x" * 5_000, "octo/hel\0lo", "öcto/hello", "--upload-pack=x/y",
    "octo/hello\n", "/nowhere/at/all",
]  # fmt: skip


@pytest.mark.parametrize("text", NONSENSE, ids=lambda text: text[-20:])
def test_nonsense_is_refused_by_name(text: str) -> None:
    for parse in (targets.parse, targets.parse_name):
        with pytest.raises(InvalidName) as caught:
            parse(text, settings_for())

        assert caught.value.text == text
        assert ("local path" in str(caught.value)) == (parse is targets.parse)  # which takes one


def test_a_directory_without_a_repository_is_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidName):
        targets.parse(str(tmp_path), settings_for())


def test_the_made_up_organisation_is_asked_for_where_it_is_simulated() -> None:
    simulated = "http://127.0.0.1:8790"

    found = targets.parse("synthetic-labs/aurora", settings_for(simulator=simulated))

    assert found == Target(
        simulated, "synthetic-labs/aurora", f"{simulated}/synthetic-labs/aurora.git"
    )
    assert targets.parse("synthetic-labs/aurora", settings_for()).host == API


def test_github_is_asked_for_what_it_shows_under_a_name(github: GitHub) -> None:
    github.control(rename={"synthetic-labs/aurora": "synthetic-labs/dawn"})
    settings = settings_for(github.url)

    found = targets.ask(targets.parse("synthetic-labs/aurora", settings), settings)

    assert found is not None
    assert (found.full_name, found.private) == ("synthetic-labs/dawn", False)
    with pytest.raises(NotVisible):
        targets.ask(targets.parse("synthetic-labs/none", settings), settings)


def test_a_remote_without_an_api_is_not_asked() -> None:
    assert targets.ask(Target(GIT, "local/x", "/x"), settings_for("http://127.0.0.1:1")) is None


def test_a_person_who_waits_for_an_answer_is_told_of_a_limit_at_once(upstream: Upstream) -> None:
    upstream.replies = [Reply(429, headers={"retry-after": "5"})]
    settings = settings_for(upstream.url)

    with pytest.raises(RateLimited):
        targets.ask(targets.parse("octo/hello", settings), settings)

    assert len(upstream.asked) == 1


@pytest.mark.parametrize("body", [b"[]", b'{"id": "x", "full_name": "o/n"}', b'{"id": 1}'])
def test_an_answer_that_is_no_repository_is_unexpected(upstream: Upstream, body: bytes) -> None:
    upstream.replies = [Reply(body=body)]
    settings = settings_for(upstream.url)

    with pytest.raises(UnexpectedPayload):
        targets.ask(targets.parse("octo/hello", settings), settings)


def test_a_private_repository_is_known_as_one(upstream: Upstream) -> None:
    upstream.replies = [Reply(body=b'{"id": 7, "full_name": "octo/Hello", "private": true}')]
    settings = settings_for(upstream.url)

    found = targets.ask(targets.parse("octo/hello", settings), settings)

    assert found == Found(7, "octo/Hello", private=True)


@pytest.mark.parametrize(
    "text", ["octo", "https://github.com/octo", "https://www.github.com/orgs/octo/"]
)
def test_an_account_is_a_login_or_the_url_of_its_page(text: str) -> None:
    assert targets.parse_login(text, settings_for()) == Account(API, "octo")


@pytest.mark.parametrize("text", ["", "octo/app", "-octo", "https://gitlab.com/octo", "x" * 40])
def test_what_is_no_login_is_refused(text: str) -> None:
    with pytest.raises(InvalidName, match="is no login"):
        targets.parse_login(text, settings_for())


def test_the_account_of_the_simulated_github_is_there(github: GitHub) -> None:
    settings = settings_for(simulator=github.url)

    account = targets.parse_login("synthetic-labs", settings)

    assert account.host == github.url
    assert targets.ask_account(account, settings).type == "Organization"
    with pytest.raises(NotVisible):
        targets.ask_account(Account(github.url, "nobody"), settings)


def test_an_account_of_a_kind_that_is_not_known_is_told() -> None:
    robot = Reply(body=b'{"id": 1, "login": "x", "type": "Robot"}')
    with Upstream(robot) as upstream, pytest.raises(UnexpectedPayload):
        targets.ask_account(Account(upstream.url, "x"), settings_for(upstream.url))


def test_how_big_a_repository_is_follows_from_what_github_says_of_it() -> None:
    assert Found(1, "octo/app", open_issues_count=10, size=2).records_estimate == 80
