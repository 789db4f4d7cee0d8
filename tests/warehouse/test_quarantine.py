"""What was refused: kept once, in bytes, until it or a later version of it is accepted."""

from datetime import timedelta
from uuid import UUID

import pytest

from gitinsight.github.payloads import Kind, Quarantined, Row, split
from tests.support.rows import AT, add_repository, fetch, payload_row
from warehouse import quarantine, raw
from warehouse.engine import Connection, Engine, driver
from warehouse.quarantine import Gap
from warehouse.raw import Origin

JOB = UUID(int=1)
ORIGIN = Origin(1, "rest", "1", AT, JOB)
LATER = AT + timedelta(hours=1)
HOSTILE = b'{"id": 5, "title": "\xff\x00'


def keep(
    connection: Connection, *entries: Quarantined, thing: str = "issues", repository_id: int = 1
) -> None:
    quarantine.keep(
        connection, thing, entries, repository_id=repository_id, source="rest", at=AT, job_id=JOB
    )


def refused(identifier: int | None, raw: bytes = HOSTILE, error: str = "broken") -> Quarantined:
    return Quarantined(Kind.RECORD, identifier, raw, error)


def test_what_is_refused_is_kept_byte_for_byte_and_once(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        keep(connection, refused(5))
        keep(connection, refused(5, error="a newer reason"))
        keep(connection, refused(5), thing="labels")

        assert fetch(
            connection,
            "select thing, kind, id, raw, error, repository_id, job_id, replayed_at"
            " from ops.quarantine order by quarantine_id",
        ) == [
            ("issues", "record", 5, HOSTILE, "a newer reason", 1, JOB, None),
            ("labels", "record", 5, HOSTILE, "broken", 1, JOB, None),
        ]


def test_what_is_refused_again_after_it_was_accepted_is_open_again(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        keep(connection, refused(5))
        quarantine.close(connection, "issues", 1, [5], at=LATER)
        assert quarantine.waiting(connection) == []

        keep(connection, refused(5))

        assert len(quarantine.waiting(connection)) == 1


def test_only_what_was_refused_waits_and_can_be_narrowed_down(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        keep(connection, refused(1), Quarantined(Kind.ORIGINAL, 2, b"x", "replaced"))
        keep(connection, refused(1), thing="labels")
        keep(connection, refused(1), repository_id=2)
        keep(connection, Quarantined(Kind.ANSWER, None, b"<html>", "no JSON"))

        def found(**only: object) -> list[tuple[int, str]]:
            return [one[1:] for one in quarantine.waiting(connection, **only)]  # type: ignore[arg-type]

        assert found() == [(1, "issues"), (1, "labels"), (2, "issues"), (1, "issues")]
        assert found(thing="labels") == [(1, "labels")]
        assert found(repository_id=2) == [(2, "issues")]

        quarantine.close_answers(connection, 1, at=LATER)
        assert found() == [(1, "issues"), (1, "labels"), (2, "issues")]


def test_an_entry_is_given_to_one_at_a_time_and_to_nobody_once_it_is_closed(
    warehouse: Engine,
) -> None:
    with warehouse.begin() as connection:
        keep(connection, refused(5))
        ((quarantine_id, _, _),) = quarantine.waiting(connection)
    with warehouse.begin() as one, warehouse.begin() as other:
        entry = quarantine.lock(one, quarantine_id)
        assert entry is not None
        assert (entry.kind, entry.id, entry.raw) == (Kind.RECORD, 5, HOSTILE)
        assert quarantine.lock(other, quarantine_id) is None

        quarantine.close_one(one, quarantine_id, at=LATER)
        assert quarantine.lock(one, quarantine_id) is None
        quarantine.refuse_again(one, quarantine_id, "still")
        assert quarantine.lock(one, quarantine_id) is not None


@pytest.mark.parametrize(
    ("held", "entries", "expected"),
    [
        ([], [], {}),
        ([], [refused(5)], {"issues": Gap(1)}),
        ([], [refused(5, b"v1"), refused(5, b"v2")], {"issues": Gap(1)}),
        ([], [refused(None, b"v1"), refused(None, b"v2"), refused(7)], {"issues": Gap(3)}),
        ([payload_row(5)], [refused(5)], {"issues": Gap(0, 1)}),
        ([payload_row(5)], [refused(5), refused(6, b"v1")], {"issues": Gap(1, 1)}),
        (
            [],
            [refused(5, b'{"pull_request":{'), refused(6, rb'{"body":"\"pull_request\":"')],
            {"issues": Gap(1), "pull_requests": Gap(1)},
        ),
        (
            [],
            [Quarantined(Kind.ORIGINAL, 5, b"x", ""), Quarantined(Kind.ANSWER, None, b"", "")],
            {},
        ),
    ],
)
def test_a_gap_is_what_is_held_in_no_version_or_in_an_older_one(
    warehouse: Engine, held: list[Row], entries: list[Quarantined], expected: dict[str, Gap]
) -> None:
    with warehouse.begin() as connection:
        raw.upsert(connection, "issues", held, origin=ORIGIN)
        keep(connection, *entries)
        keep(connection, refused(5), repository_id=2)

        assert quarantine.gaps(connection, 1) == expected


def test_a_page_is_stored_with_its_accounts_and_what_could_not_be_held(warehouse: Engine) -> None:
    page = split(b'[{"id": 1, "user": {"id": 9, "login": "ann"}}, {"id": 2, "n": 1e400}]')
    with warehouse.begin() as connection:
        written = raw.store(connection, "issues", page, origin=ORIGIN, known=set())

        assert (written.new, written.refused, written.touched) == (1, 1, 2)
        assert fetch(connection, "select id from raw.github_users") == [(9,)]
        assert fetch(connection, "select id, raw from ops.quarantine") == [
            (2, b'{"id": 2, "n": 1e400}')
        ]


def test_what_was_accepted_since_the_publication_is_news(warehouse: Engine) -> None:
    repository_id = add_repository(warehouse)
    with warehouse.begin() as connection:

        def publish(hours: int) -> None:
            driver(connection).execute(
                "insert into ops.publications values (%s, 1, %s, %s, %s, 'passed', '{}')"
                " on conflict (repository_id) do update set published_at = excluded.published_at",
                (repository_id, JOB, AT, AT + timedelta(hours=hours)),
            )

        keep(connection, refused(5), repository_id=repository_id)
        assert not quarantine.has_news(connection, repository_id)
        quarantine.close(connection, "issues", repository_id, [5], at=LATER)
        assert quarantine.has_news(connection, repository_id)
        publish(0)
        assert quarantine.has_news(connection, repository_id)
        publish(2)
        assert not quarantine.has_news(connection, repository_id)
