"""Issues that trip readers, as they come over the wire."""

import httpx2
import pytest

from tests.support.github import GitHub

PATH = "repos/synthetic-labs/aurora/issues/1"


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("nul", b"\\u0000"), ("surrogate", b"\\ud800"), ("utf8", b"\xff\xfe"),
        ("number", b": 1e400"), ("nesting", b"[" * 2000 + b"]" * 2000),
        ("integer", b"1180591620717411303424"), ("control", b"\\u0007"), ("ghost", b'"user": null'),
        ("kinds", b'"labels": ["bug"]'), ("unknown", b'"new_field"'), ("no id", b'"id": null'),
        ("same time", b'"updated_at": "2026-06-01T00:00:00Z"'), ("text id", b'"id": "'),
        ("large id", b'"id": 11529215'),
    ],
)  # fmt: skip
def test_an_issue_can_hold_what_readers_do_not_stand(
    caller: httpx2.Client, panel: GitHub, kind: str, sent: bytes
) -> None:
    assert sent not in caller.get(PATH).content

    panel.control(hostile=kind, repo="synthetic-labs/aurora", number=1)

    assert sent in caller.get(PATH).content
    panel.control(hostile="healed", repo="synthetic-labs/aurora", number=1)
    assert sent not in caller.get(PATH).content
