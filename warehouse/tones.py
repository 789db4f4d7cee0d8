"""Texts whose tone is not known yet, and the tone of those that were judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from models.sentiment import Tone
from warehouse.engine import Connection, driver

_TEXTS: Mapping[str, str] = {
    "github_issues": "(payload ->> 'title') || E'\\n\\n' || coalesce(payload ->> 'body', '')",
    "github_issue_comments": "nullif(payload ->> 'body', '')",
    "github_reviews": "nullif(payload ->> 'body', '')",
    "github_review_comments": "nullif(payload ->> 'body', '')",
}
"""Each table and what of it is a text; the staging models have the same, and a digest of it."""
SOURCES = tuple(_TEXTS)

_PAGE = """
select paged.id, paged.digest,
    case when known.text_digest is null and not paged.is_bot then paged.text end as text
from (
    select id, {text} as text, sha256(convert_to({text}, 'UTF8')) as digest,
        coalesce(payload -> 'user' ->> 'type', payload -> 'author' ->> '__typename', '') = 'Bot'
            as is_bot
    from {table}
    where repository_id = %(repository_id)s and deleted_at is null and id > %(after)s
    order by id limit %(limit)s
) as paged
left join insights.text_tone as known
    on known.repository_id = %(repository_id)s and known.text_digest = paged.digest
    and known.model = %(model)s
order by paged.id
"""


@dataclass(frozen=True, slots=True)
class Written:
    """``text`` is null where its tone is known, a bot wrote it, or there is none."""

    id: int
    digest: bytes | None
    text: str | None


def page(
    connection: Connection, repository_id: int, source: str, *, model: str, after: int, limit: int
) -> list[Written]:
    """What stands in one of the sources, by id; none after the last one."""
    cursor = driver(connection).cursor(row_factory=class_row(Written))
    statement = SQL(_PAGE).format(table=Identifier("raw", source), text=SQL(_TEXTS[source]))
    return cursor.execute(
        statement,
        {"repository_id": repository_id, "model": model, "after": after, "limit": limit},
    ).fetchall()


def store(
    connection: Connection, repository_id: int, tones: Sequence[tuple[bytes, Tone]], *, model: str,
    at: datetime,
) -> None:  # fmt: skip
    """What another version has said of these texts is replaced."""
    driver(connection).cursor().executemany(
        "insert into insights.text_tone as held (repository_id, text_digest, label, negative_ratio,"
        " neutral_ratio, positive_ratio, unscored_reason, model, scored_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict (repository_id, text_digest) do update set label = excluded.label,"
        " negative_ratio = excluded.negative_ratio, neutral_ratio = excluded.neutral_ratio,"
        " positive_ratio = excluded.positive_ratio, unscored_reason = excluded.unscored_reason,"
        " model = excluded.model, scored_at = excluded.scored_at",
        [
            (
                repository_id, digest, tone.label, tone.negative_ratio, tone.neutral_ratio,
                tone.positive_ratio, tone.unscored_reason, model, at,
            )
            for digest, tone in tones
        ],
    )  # fmt: skip
