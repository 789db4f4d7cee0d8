"""Documents to search in, small enough to be known by heart."""

from datetime import UTC, datetime
from typing import Any

from warehouse.search import Document

APRIL, MAY = (datetime(2026, month, 1, tzinfo=UTC) for month in (4, 5))


def document(title: str | None = "octo/app", *, repository_id: int = 1, **told: Any) -> Document:
    given: dict[str, Any] = {"kind": "repository", "is_private": False, "owner": "octo",
                             "text": None}  # fmt: skip
    return Document(repository_id, title=title, **given | told)


LIBRARY = (
    document("octo/fast-parser", repository_id=1, text="Reads <JSON> quickly", labels=["json"],
             weight=500, language="Rust"),
    document("octo/slow-parser", repository_id=2, text="Reads JSON one day", weight=2,
             language="Go"),
    document("acme/parser", repository_id=3, owner="acme", weight=1),
    document("acme/vault", repository_id=4, owner="acme", text="A parser of secrets",
             is_private=True, weight=9_000),
    document("Parser crashes on empty input", kind="issue", owner="ann", number=7, state="open",
             text="An empty file is enough.", labels=["bug"], weight=3,
             updated_at=MAY),
    document("Make the parser faster", kind="pull_request", owner="bob", number=8, state="closed",
             updated_at=APRIL),
    document(None, kind="comment", owner="eve", number=7, text="It crashes here too: segfault"),
    document("annika", kind="person", owner="annika", weight=30, state="human"),
)  # fmt: skip
