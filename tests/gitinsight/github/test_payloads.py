"""GitHub's JSON on its way into PostgreSQL: made safe, split, told apart, and else untouched."""

import json
from datetime import UTC, datetime

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitinsight.errors import UnexpectedPayload
from gitinsight.github.payloads import Actor, content_hash, row, sanitise, split, user_rows
from gitinsight.runtime.postgres import EmbeddedPostgres


@pytest.mark.parametrize(
    ("hostile", "safe"),
    [
        (rb'"\u0000"', rb'"\ufffd"'),
        (rb'"a\u0000\u0000b"', rb'"a\ufffd\ufffdb"'),
        (rb'"\ud800"', rb'"\ufffd"'),
        (rb'"\uD83D"', rb'"\ufffd"'),
        (rb'"\ude80"', rb'"\ufffd"'),
        (rb'"\ude80\ud83d"', rb'"\ufffd\ufffd"'),
        (rb'"\ud83d\ud83d\ude80"', rb'"\ufffd\ud83d\ude80"'),
        (rb'"\ud83d\n\ude80"', rb'"\ufffd\n\ufffd"'),
        (rb'"\\\u0000"', rb'"\\\ufffd"'),
        (rb'{"\u0000": 1}', rb'{"\ufffd": 1}'),
        (b'"\xff"', '"\ufffd"'.encode()),
        (b'"\xed\xa0\x80"', '"\ufffd\ufffd\ufffd"'.encode()),
        (b'"J\xf6rg \\u0000"', '"J\ufffdrg \\ufffd"'.encode()),
    ],
)
def test_what_jsonb_refuses_is_replaced(hostile: bytes, safe: bytes) -> None:
    assert sanitise(hostile) == safe


@pytest.mark.parametrize(
    "harmless",
    [
        rb'"\ud83d\ude80"', rb'"\uD83D\uDE80"', rb'"\\u0000"', rb'"\\\\u0000 \\ud800"',
        rb'"\\\\\\u0000"', rb'"\u0001\u001f\uffff"', rb'"\u00e9 \"\/\b\f\n\r\t"',
        '"\U0001f680 \ufffd"'.encode(), b'{"a": 18446744073709551617, "b": 1e300}', b"",
        rb'"C:\\ud800\\dir"',
    ],
)  # fmt: skip
def test_what_jsonb_takes_stays_byte_for_byte(harmless: bytes) -> None:
    assert sanitise(harmless) == harmless


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(), max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
"""Documents with every code point there is, lone surrogates and NUL among them."""
PIECES = st.sampled_from(
    [rb"\u0000", rb"\ud83d", rb"\uDE80", rb"\\", rb"\"", rb"\n", b"u0000", b"\xff", "é".encode()]
)


@given(JSON)
def test_every_document_can_be_read_after_it_and_a_second_time_changes_nothing(
    document: object,
) -> None:
    safe = sanitise(json.dumps(document).encode())

    msgspec.json.decode(safe)
    assert sanitise(safe) == safe


@given(JSON.filter(lambda document: "\\u0000" not in json.dumps(document)))
def test_a_document_without_faults_is_not_touched(document: object) -> None:
    text = json.dumps(document, ensure_ascii=False)
    try:
        body = text.encode()
    except UnicodeEncodeError:
        return  # a lone surrogate

    assert sanitise(body) == body
    assert json.loads(sanitise(json.dumps(document).encode())) == document


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
@given(documents=st.lists(JSON, min_size=10, max_size=30), pieces=st.lists(PIECES, max_size=12))
def test_postgresql_takes_every_document(
    postgres_server: EmbeddedPostgres, documents: list[object], pieces: list[bytes]
) -> None:
    string = b'"' + b"".join(pieces) + b'"'
    bodies = [string, *(json.dumps(document).encode() for document in documents)]
    with psycopg.connect(postgres_server.url("postgres")) as connection:
        (count,) = connection.execute(
            "select count(one::jsonb) from unnest(%s::text[]) as one",
            ([sanitise(body).decode() for body in bodies],),
        ).fetchone() or (0,)

    assert count == len(bodies)


def test_a_page_is_split_into_rows_that_hold_githubs_own_bytes() -> None:
    first = rb'{"id":7 , "node_id":"I_7","number":3,"updated_at":"2026-06-01T00:00:00Z",'
    first += rb'"z":1,"a":"\u00e9","big":18446744073709551617}'
    second = b'{"id": 9007199254740993}'

    records = split(b"[ " + first + b" ,\n" + second + b"]")

    assert [one.payload for _, one in records] == [first, second]
    assert [keys.id for keys, _ in records] == [7, 9007199254740993]
    assert (records[0][0].node_id, records[0][0].number) == ("I_7", 3)
    assert records[0][1].source_updated_at == datetime(2026, 6, 1, tzinfo=UTC)
    assert records[1][1].source_updated_at is None


def test_a_list_in_an_envelope_is_taken_out_of_it() -> None:
    body = b'{"total_count": 1, "workflow_runs": [{"id": 7}]}'

    assert [keys.id for keys, _ in split(body, envelope="workflow_runs")] == [7]
    assert split(b"[]") == []


@pytest.mark.parametrize(
    ("body", "envelope"),
    [
        (b'{"message": "Not Found"}', None),
        (b"[1]", None),
        (b'[{"node_id": "x"}]', None),
        (b'[{"id": null}]', None),
        (b'[{"id": 1, "updated_at": "yesterday"}]', None),
        (b"[{", None),
        (b"[]", "workflow_runs"),
        (b'{"total_count": 1}', "workflow_runs"),
    ],
)
def test_a_page_that_is_no_list_of_records_is_unexpected(body: bytes, envelope: str | None) -> None:
    with pytest.raises(UnexpectedPayload, match="list of GitHub's"):
        split(body, envelope=envelope)


def test_a_record_knows_whether_something_in_it_was_replaced() -> None:
    (_, clean), (_, escaped), (_, replaced) = split(
        b'[{"id": 1}, {"id": 2, "body": "\\ufffd"}, {"id": 3, "body": "\xef\xbf\xbd"}]'
    )

    assert [one.sanitized for one in (clean, escaped, replaced)] == [False, True, True]


def test_the_hash_tells_facts_apart_and_neither_hosts_nor_the_order_of_keys() -> None:
    record = b'{"id": 1, "url": "https://a/1", "user": {"login": "x", "avatar_url": "https://a/y"}}'
    moved = b'{"user": {"avatar_url": "http://b/z", "login": "x"}, "url": "http://b/1", "id": 1}'
    other = b'{"id": 1, "url": "https://a/1", "user": {"login": "y", "avatar_url": "https://a/y"}}'

    assert content_hash(record) == content_hash(moved)
    assert content_hash(record) != content_hash(other)
    assert len(content_hash(record)) == 16


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"body": "see https://a"}', b'{"body": "see https://b"}'),
        (b'{"labels": ["a", "b"]}', b'{"labels": ["b", "a"]}'),
        (b'{"n": 18446744073709551616}', b'{"n": 18446744073709551617}'),
        (b'{"closed_at": null}', b"{}"),
        (b'{"urls": 1}', b'{"urls": 2}'),
    ],
)
def test_what_differs_in_a_fact_differs_in_its_hash(one: bytes, other: bytes) -> None:
    assert content_hash(one) != content_hash(other)


def test_accounts_are_one_row_each_and_an_account_without_an_id_is_none() -> None:
    ann, bot = Actor(2, "ann", "User"), Actor(1, "x[bot]", "Bot")

    rows = user_rows([ann, bot, ann, Actor(None, "ghostly", "User"), Actor(3, None, None)])

    assert [json.loads(one.payload) for one in rows] == [
        {"id": 1, "login": "x[bot]", "type": "Bot"},
        {"id": 2, "login": "ann", "type": "User"},
    ]


def test_everybody_whom_a_record_names_is_one_of_its_actors() -> None:
    names = ("user", "actor", "author", "creator", "closed_by")
    record = {name: {"id": number, "login": name} for number, name in enumerate(names)}
    body = [{"id": 1, **record, "assignees": [{"id": 9, "login": "a"}]}, {"id": 2, "user": None}]

    first, second = (keys for keys, _ in split(json.dumps(body).encode()))

    assert [actor.login for actor in first.actors()] == [*names, "a"]
    assert list(second.actors()) == []


def test_a_row_that_is_made_by_hand_is_hashed_like_one_of_a_page() -> None:
    ((_, split_row),) = split(b'[{"id": 7, "url": "x"}]')

    assert row(7, b'{"id": 7, "url": "x"}', None) == split_row
