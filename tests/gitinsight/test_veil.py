"""What names somebody who was forgotten is replaced, and nothing else."""

import time

import pytest

from gitinsight.veil import NOTHING, Ghost, Kind, Veil, term

SALT = b"x" * 32
NAMED = (
    (Kind.LOGIN, "jane"), (Kind.ID, "77"), (Kind.EMAIL, "Jane@X.org"), (Kind.NAME, "Jane Q. Doe"),
    (Kind.NAME, "Janey"),
)  # fmt: skip


def veil(*, is_common_word: bool = False) -> Veil:
    ghost = Ghost(1, is_common_word)
    return Veil(SALT, [ghost], [term(SALT, kind, text, ghost=1) for kind, text in NAMED])


@pytest.mark.parametrize(
    ("text", "veiled"),
    [
        (
            "hi @Jane, see https://github.com/jane/x",
            "hi @ghost.1, see https://github.com/ghost.1/x",
        ),
        ("Co-authored-by: J D <jane@x.org>", "Co-authored-by: ghost.1 <ghost.1+0@ghost.invalid>"),
        ("by 77+other@users.noreply.github.com", "by ghost.1+0@ghost.invalid"),
        ("by jane@users.noreply.github.com", "by ghost.1+0@ghost.invalid"),
        ("thanks JANE  q. doe!", "thanks ghost.1!"),
        ("https://avatars.example/u/77?v=4", f"https://avatars.example/u/{Ghost(1).id}?v=4"),
        ("Merge from jane/jane-patch-1", "Merge from ghost.1/ghost.1-patch-1"),
        ("jane-smith and janey and mary-jane and me@jane-x.org",) * 2,
    ],
)
def test_texts(text: str, veiled: str) -> None:
    assert veil().text(text, "body") == veiled
    assert veil(is_common_word=True).text(text, "body").count("jane") <= veiled.count("jane") + 1


def test_a_login_that_is_a_word_stays_as_a_word() -> None:
    word = veil(is_common_word=True)

    assert word.text("a jane is no @jane", "body") == "a jane is no @ghost.1"
    held = [{"name": "jane"}, {"login": "jane"}]
    assert word.value(held) == [{"name": "jane"}, {"login": "ghost.1"}]
    assert word.text("jane:fix", "label") == "ghost.1:fix"


def test_what_an_account_is_stays_and_who_it_is_goes() -> None:
    renamed = {"login": "jane-now", "id": 77, "node_id": "U_1", "avatar_url": "u", "type": "User"}

    assert veil().value({"user": renamed}) == {
        "user": {"login": "ghost.1", "id": Ghost(1).id, "type": "User"}
    }


def test_a_new_address_is_known_by_the_account_beside_it() -> None:
    author = {"name": "J", "email": "new@x", "user": {"login": "jane", "databaseId": 77}}

    found = veil().value({"author": author})["author"]

    assert (found["name"], found["email"]) == ("ghost.1", "ghost.1+0@ghost.invalid")
    assert veil().person("J", "jane@x.org") == ("ghost.1", "ghost.1+0@ghost.invalid")
    assert veil().person("Janey", "other@x.org") == ("ghost.1", "other@x.org")


def test_a_word_of_githubs_own_is_nobody() -> None:
    record = {"state": "jane", "__typename": "jane", "ref": "jane", "user_id": 77, "id": 77}

    assert veil().value(record) == record | {"ref": "ghost.1", "user_id": Ghost(1).id}


def test_bytes_stay_as_they_are_where_nobody_is_named() -> None:
    body = b'{"b": 1.50,  "a": "somebody"}'

    assert veil().json(body) is body
    assert NOTHING.json(b'{"login": "jane"}') == b'{"login": "jane"}'
    assert veil().json(b'{"login": "jane", "cut') == b'{"login": "ghost.1", "cut'


@pytest.mark.parametrize("text", ["a" * 10**6, "<" * 10**5 + "@", "a." * 10**5 + "@", "-@" * 10**5])
def test_a_long_line_is_read_once(text: str) -> None:
    started = time.process_time()

    veil().text(text, "body")

    assert time.process_time() - started < 5
