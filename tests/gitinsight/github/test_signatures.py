"""The signature of GitHub's documentation, and others."""

from pydantic import SecretStr

from gitinsight.github.signatures import Signature

TOLD = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_example_that_github_documents_is_right_however_it_is_cut() -> None:
    made = Signature(SecretStr("It's a Secret to Everybody"))
    for chunk in (b"Hello", b", ", b"World!"):
        made.update(chunk)

    assert made.matches(TOLD)
    assert not made.matches(TOLD.removeprefix("sha256="))
    assert not made.matches("sha256=ü")
    made.update(b" ")
    assert not made.matches(TOLD)
