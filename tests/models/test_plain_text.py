"""What is somebody's own words, and which of them can be read."""

import pytest

from models.plain_text import plain, unreadable


@pytest.mark.parametrize(
    "noise",
    [
        "```python\nraise AwfulError('terrible')\n```",
        "~~~\nhate\n~~~",
        "``` an awful block that never ends",
        "`worst.hate()`",
        "> I hate this\n> so much",
        "On Mon, 3 Aug 2026 at 10:00, Ann <ann@example.org> wrote:",
        "    indented = awful()",
        "<!-- Please be nice! -->",
        "<details><summary>log</summary>awful</details>",
        "### Steps to reproduce the awful bug",
        "- [x] I have searched for awful issues",
        "| awful | table |",
        '  File "awful.py", line 3, in terrible',
        "java.lang.AwfulException: terrible",
        "2026-08-03T10:00:00Z awful things happened",
        "[ERROR] awful",
        "$ make awful",
        "https://example.org/awful",
        "@awful-person",
        "octo/awful#12",
        "#12",
        "badc0ffee0ddf00d",
        "Signed-off-by: Awful <a@example.org>",
    ],
)
def test_what_is_nobodys_words_is_left_out(noise: str) -> None:
    assert plain(f"Before it.\n\n{noise}\n") == "Before it."


def test_what_a_link_says_is_kept_and_where_it_leads_is_not() -> None:
    assert plain("See [the <b>great</b> guide](https://example.org/bad)") == "See the great guide"


def test_words_that_look_like_a_hash_are_words() -> None:
    assert plain("I was defaced and effaced") == "I was defaced and effaced"


@pytest.mark.parametrize("text", ["Thanks!", "LGTM", "👍", ":+1:", "Very scary! O_O", "könnte fix"])
def test_english_and_faces_can_be_read(text: str) -> None:
    assert unreadable(text) is None


@pytest.mark.parametrize("text", ["", "...", "42 17", "??"])
def test_where_there_is_no_word_nothing_can_be_read(text: str) -> None:
    assert unreadable(text) == "no_words"


@pytest.mark.parametrize(
    "text",
    [
        "Das ist nicht schön, aber es wird gehen", "Merci pour cette correction",
        "Это не работает", "这个问题已经修复了", "Gracias por los cambios, pero no es lo que pido",
    ],
)  # fmt: skip
def test_other_languages_are_told(text: str) -> None:
    assert unreadable(text) == "not_english"
