"""`.mailmap` is read as git reads it, and what is several people's is nobody's."""

from pathlib import Path

import pytest

from gitinsight.git.mailmap import proper_emails
from gitinsight.git.mirror import Mirror
from tests.support.git import GitRepository

MAILMAP = """\
# who is who
Ada Lovelace <ada@home.test> <Ada@Example.invalid>
<old@x.test> <older@x.test>
Bea <bea@x.test> Bea B <desk@x.test>
Carl <carl@x.test> Carl C <desk@x.test>
"""


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path / "upstream.git")


def read(repository: GitRepository) -> dict[str, str]:
    return proper_emails(Mirror(repository.path, str(repository.path)), repository.head())


def test_addresses_that_were_used_are_those_that_are_meant(repository: GitRepository) -> None:
    repository.commit({"a.txt": "a\n"})
    repository.commit({".mailmap": MAILMAP})

    assert read(repository) == {"ada@example.invalid": "ada@home.test"}


def test_an_address_of_two_people_stays_as_it_is(repository: GitRepository) -> None:
    head = repository.commit({"a.txt": "a\n"})
    for name in (b"Bea B", b"Carl C"):
        author = name + b" <desk@x.test> 1700000000 +0000"
        head = repository.raw_commit(author=author, parents=[head])
    repository.commit({".mailmap": MAILMAP}, start=head)

    assert read(repository) == {"ada@example.invalid": "ada@home.test"}


@pytest.mark.parametrize("files", [{"a.txt": "a\n"}, {".mailmap/nested": "a\n"}])
def test_without_the_file_nobody_is_meant(
    repository: GitRepository, files: dict[str, str | bytes | None]
) -> None:
    repository.commit(files)

    assert read(repository) == {}
