"""What is read of a webhook's payload, and what is not believed."""

import json
from typing import Any

import pytest

from gitinsight.errors import UnexpectedPayload
from gitinsight.github.deliveries import About, OfIssue, OfRepository, decode

REPOSITORY = {"id": 186853261, "full_name": "octo-org/app", "name": "app"}


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def former_name(changes: dict[str, Any] | None) -> str | None:
    told = body(action="edited", repository=REPOSITORY, changes=changes)
    return decode(told, OfRepository).former_name


def test_it_says_what_happened_and_where() -> None:
    about = decode(body(action="opened", repository=REPOSITORY, issue={"number": 1}), About)

    assert about.action == "opened"
    assert about.repository is not None
    assert (about.repository.id, about.repository.owner) == (186853261, "octo-org")


def test_one_of_an_organisation_has_no_repository() -> None:
    assert decode(body(organization={"login": "octo-org"}), About) == About()


def test_a_renamed_repository_says_what_it_was_called() -> None:
    assert former_name({"repository": {"name": {"from": "old"}}}) == "octo-org/old"


@pytest.mark.parametrize("kind", ["user", "organization"])
def test_a_transferred_repository_says_whose_it_was(kind: str) -> None:
    assert former_name({"owner": {"from": {kind: {"login": "ada"}}}}) == "ada/app"


@pytest.mark.parametrize(
    "changes", [None, {}, {"default_branch": {"from": "master"}}, {"owner": {"from": {}}}]
)
def test_any_other_change_is_none_of_the_name(changes: dict[str, Any] | None) -> None:
    assert former_name(changes) is None


@pytest.mark.parametrize(
    "told",
    [
        b"", b"{", b"[]", b"null", b"\xff", b'{"action": "\xff"}', b"[" * 100_000,
        b"payload=%7B%7D", b'{"action": 7}', b'{"action": "a\\u0000b"}',
        b'{"repository": {"id": "1", "full_name": "octo/app"}}',
        b'{"repository": {"id": 9223372036854775808, "full_name": "octo/app"}}',
        b'{"repository": {"id": -1, "full_name": "octo/app"}}',
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_delivery_is_refused(told: bytes) -> None:
    with pytest.raises(UnexpectedPayload):
        decode(told, About)


def test_one_that_lacks_what_it_is_about_is_refused() -> None:
    with pytest.raises(UnexpectedPayload, match="issue"):
        decode(body(action="opened", repository=REPOSITORY), OfIssue)
