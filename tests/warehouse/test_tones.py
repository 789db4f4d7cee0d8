"""Which texts wait to be judged, page by page."""

from hashlib import sha256

from models.sentiment import Tone
from tests.support.rows import AT, add_repository, fetch
from warehouse import tones
from warehouse.engine import Connection, Engine, driver

GLAD = Tone("positive", 0.1, 0.2, 0.7)


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def put(connection: Connection, table: str, identifier: int, payload: str) -> None:
    driver(connection).execute(
        f"insert into raw.{table} (repository_id, id, payload, content_hash, source, api_version,"
        " sanitized, extracted_at, run_id) values (1, %s, %s, %s, 'rest', '', false, %s,"
        " gen_random_uuid())".encode(),
        (identifier, payload, digest(payload), AT),
    )


def test_a_page_has_what_is_not_known_and_ends_where_nothing_follows(warehouse: Engine) -> None:
    add_repository(warehouse)
    with warehouse.begin() as connection:
        put(connection, "github_issue_comments", 3, '{"body": "größer", "user": {"type": "User"}}')
        put(connection, "github_issue_comments", 5, '{"body": "beep", "user": {"type": "Bot"}}')
        put(connection, "github_issue_comments", 8, '{"body": "", "user": null}')
        put(connection, "github_issue_comments", 9, '{"body": "fine", "user": null}')
        put(connection, "github_issues", 2, '{"title": "Slow", "body": null}')
        put(connection, "github_reviews", 4, '{"body": "x", "author": {"__typename": "Bot"}}')

        def of(source: str, after: int = 0, limit: int = 10) -> list[tuple[int, str | None]]:
            found = tones.page(connection, 1, source, model="m@1", after=after, limit=limit)
            return [(one.id, one.text) for one in found]

        assert of("github_issue_comments", limit=2) == [(3, "größer"), (5, None)]
        assert of("github_issue_comments", after=5) == [(8, None), (9, "fine")]
        assert of("github_issue_comments", after=9) == []
        assert of("github_issues") == [(2, "Slow\n\n")]
        assert of("github_reviews") == [(4, None)]
        tones.store(connection, 1, [(digest("größer"), GLAD)], model="m@1", at=AT)
        assert of("github_issue_comments", limit=1) == [(3, None)]


def test_a_later_version_replaces_what_was_said(warehouse: Engine) -> None:
    add_repository(warehouse)
    with warehouse.begin() as connection:
        for model, tone in (("m@1", GLAD), ("m@2", Tone(None, None, None, None, "no_words"))):
            tones.store(connection, 1, [(digest("x"), tone)], model=model, at=AT)

        assert fetch(
            connection,
            "select label, positive_ratio, unscored_reason, model from insights.text_tone",
        ) == [(None, None, "no_words", "m@2")]
