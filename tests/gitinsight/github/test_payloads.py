"""GitHub's JSON on its way into PostgreSQL: made safe, split, told apart, and else untouched."""

import json
from datetime import UTC, datetime

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitinsight.errors import UnexpectedPayload
from gitinsight.github.payloads import (
    Actor,
    Kind,
    content_hash,
    elements,
    fault,
    joined,
    row,
    sanitise,
    split,
    user_rows,
    value,
)
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


def test_of_a_copy_of_another_record_is_kept_which_one_it_is() -> None:
    copy = rb'{"title":"\u00e9","number": 3,"node_id":"I_7","user":{"id":1},"id":9007199254740993}'
    rest = rb'{"id":7,"event":"closed", "big":18446744073709551617,"issue":'

    (record,) = split(b"[" + rest + copy + b"}]", copies=("issue", "repository"))

    identity = rb'{"id":9007199254740993,"node_id":"I_7","number":3}'
    assert record[1].payload == rest.replace(b", ", b",") + identity + b"}"
    (again,) = split(b"[" + rest + copy.replace(b"00e9", b"00e8") + b"}]", copies=("issue",))
    assert again[1].content_hash == record[1].content_hash


@pytest.mark.parametrize("copy", [b"null", b"7", b'"x"', b"[1]", b"{}"])
def test_what_is_no_copy_stays_as_it_is(copy: bytes) -> None:
    payload = b'{"id":7,"issue":' + copy + b"}"

    (record,) = split(b"[" + payload + b"]", copies=("issue",))

    assert record[1].payload == payload


def test_the_original_of_a_copy_with_characters_replaced_is_kept_whole() -> None:
    body = rb'[{"id":7,"issue":{"id":1,"title":"\u0000"}}]'

    page = split(sanitise(body), copies=("issue",))

    assert [(one.payload, one.sanitized) for _, one in page] == [
        (b'{"id":7,"issue":{"id":1}}', True)
    ]
    assert [one.raw for one in page.kept] == [body[1:-1]]


def test_a_list_in_an_envelope_is_taken_out_of_it() -> None:
    body = b'{"total_count": 1, "workflow_runs": [{"id": 7}]}'

    assert [keys.id for keys, _ in split(body, envelope="workflow_runs")] == [7]
    assert split(b"[]") == []


@pytest.mark.parametrize(
    ("body", "envelope"),
    [
        (b'{"message": "Not Found"}', None),
        (b"[{", None),
        (b"[]", "workflow_runs"),
        (b'{"total_count": 1}', "workflow_runs"),
    ],
)
def test_a_page_that_is_no_list_of_records_is_unexpected(body: bytes, envelope: str | None) -> None:
    with pytest.raises(UnexpectedPayload, match="list of GitHub's"):
        split(body, envelope=envelope)


def test_only_records_in_which_something_was_replaced_are_sanitised_and_keep_their_original() -> (
    None
):
    hostile = rb'{"id": 4, "body": "\u0000"}'
    body = b'[{"id": 1}, {"id": 2, "body": "\\ufffd"}, {"id": 3, "body": "\xef\xbf\xbd"},' + hostile
    broken = b'{"id": 5, "body": "\xff"}'

    page = split(sanitise(body + b", " + broken + b" ]"))

    assert [(one.id, one.sanitized) for _, one in page] == [
        (1, False), (2, False), (3, False), (4, True), (5, True),
    ]  # fmt: skip
    assert [(one.kind, one.id, one.raw) for one in page.kept] == [
        (Kind.ORIGINAL, 4, hostile), (Kind.ORIGINAL, 5, broken),
    ]  # fmt: skip
    assert page.refused == []


def test_originals_are_found_in_an_envelope_too() -> None:
    hostile = rb'{"id":7,"name":"a \"runs\":[ \ud800"}'
    body = b'{"total_count":1,"runs":[{"id":6},' + hostile + b'],"more":[1]}'

    page = split(sanitise(body), envelope="runs")

    assert [one.id for _, one in page] == [6, 7]
    assert [one.raw for one in page.kept] == [hostile]


GOOD = (b'{"id":1}', b'{"id":2,"title":"[{,"}')


@pytest.mark.parametrize(
    ("record", "identifier", "reason"),
    [
        (b"1", None, "Expected `object`"),
        (b'"Not a record"', None, "Expected `object`"),
        (b"null", None, "Expected `object`"),
        (b'{"node_id":"x","user":{"id":9}}', None, "it has no id"),
        (b'{"id":null}', None, "id: Expected `int`"),
        (b'{"id":"7"}', None, "id: Expected `int`"),
        (b'{"id":7.5}', None, "id: Expected `int`"),
        (b'{"id":-7}', None, "id: Expected `int` >= 0"),
        (b'{"id":9223372036854775808}', None, "id: "),
        (b'{"id":1e400}', None, "id: "),
        (b'{"id":7,"updated_at":"yesterday"}', 7, "updated_at: Invalid"),
        (b'{"id":7,"updated_at":"2026-01-01T00:00:00"}', 7, "updated_at: "),
        (b'{"id":7,"n":1e400}', 7, "out of range"),
        (b'{"id":7,"n":-1e400}', 7, "out of range"),
        (b'{"id":7,"n":' + b"9" * 5000 + b"}", 7, "out of range"),
        (b'{"user":{"id":9},"id":7,"n":' + b"[" * 600 + b"]" * 600 + b"}", 7, "deeper than 512"),
        (b'{"user":{"id":9},"id":7,"n":' + b'{"a":' * 9000 + b"1" + b"}" * 9001, 7, "deeper"),
        (b'{"id":7,"body":"' + b"x" * (64 << 20) + b'"}', 7, "larger than 64 MiB"),
    ],
    ids=lambda value: value[:40].decode() if isinstance(value, bytes) else None,
)
def test_a_record_that_cannot_be_held_comes_out_in_bytes_and_the_others_are_read(
    record: bytes, identifier: int | None, reason: str
) -> None:
    body = b"[" + GOOD[0] + b" ,\n" + record + b", " + GOOD[1] + b"]"

    page = split(sanitise(body))

    assert fault(body) is None
    assert [one.payload for _, one in page] == list(GOOD)
    (refused,) = page.refused
    assert (refused.id, refused.raw) == (identifier, record)
    assert reason in refused.error
    assert page.present == (None if identifier is None else [1, 2, identifier])


@pytest.mark.parametrize(
    "record",
    [
        b'{"id":7,"user":null}',
        b'{"id":7,"user":"ghost","assignees":null,"labels":"bug","body":null}',
        b'{"id":7,"number":"12","node_id":5,"created_at":0,"assignees":[{"id":"x"},3]}',
        b'{"id":7,"user":{"id":18446744073709551616,"login":"x","type":"Mannequin"}}',
        b'{"id":7,"state":"a new one","state_reason":["never","seen"],"new_field":{"a":[]}}',
        b'{"id":9223372036854775807,"n":18446744073709551617}',
        b'{"id":7,"n":' + b"[" * 511 + b"]" * 511 + b"}",
        b'{"id":7,"n":"' + b"[" * 9000 + b'"}',
        b'{"id":7,"n":' + b"[[]," * 300 + b"1" + b"]" * 300 + b"}",
    ],
    ids=lambda value: value[:40].decode(),
)
def test_what_is_odd_and_no_key_is_held(record: bytes) -> None:
    ((keys, held),) = split(b"[" + record + b"]")

    assert keys.id in {7, 2**63 - 1}
    assert held.payload == record
    assert held.sanitized is False


def test_an_odd_field_does_not_take_the_others_with_it() -> None:
    record = (
        b'{"id":7,"number":"x","user":"ghost","closed_by":{"id":5,"login":"ann","type":"User"},'
        b'"updated_at":"2026-06-01T00:00:00Z"}'
    )

    ((keys, held),) = split(b"[" + record + b"]")

    assert keys.number is None
    assert [actor.login for actor in keys.actors()] == ["ann"]
    assert held.source_updated_at == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"<html>Unicorn!</html>", b"\xef\xbb\xbf[]", b'[{"id":1}', b'[{"id":1},]',
        b"[] []", b"[NaN]", b'["\x01"]', b"[01]", rb'["\q"]', b"[" * 9000, b'{"a":' * 9000,
    ],
)  # fmt: skip
def test_what_is_no_json_has_a_fault(body: bytes) -> None:
    assert fault(sanitise(body)) is not None


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"{}", {}), (b'{"n": [1]}', {"n": [1]}), (b"[]", None), (b' [{"n": 1e400}]', None)],
)
def test_an_answer_is_one_value_and_a_list_is_judged_by_its_records(
    body: bytes, expected: object
) -> None:
    assert fault(body) is None
    assert value(body) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"n": 1e400}', "out of range"),
        (b'{"n": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", "recursion"),
    ],
)
def test_valid_json_that_cannot_be_held_is_no_fault(body: bytes, reason: str) -> None:
    assert fault(body) is None
    with pytest.raises((msgspec.DecodeError, RecursionError), match=reason):
        value(body)


@given(st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=3), max_size=5))
def test_brackets_alone_tell_the_same_records_apart_as_the_decoder(
    documents: list[dict[str, object]],
) -> None:
    """One record that no decoder can hold makes all of them be told apart by brackets."""
    records = [bytes(sanitise(json.dumps(one).encode())) for one in documents]
    deep = b"[" * 9000 + b"]" * 9000

    found = elements(b"[" + b" , ".join([*records, deep]) + b"]")

    assert found == [*records, deep]


def test_pages_are_joined_with_what_was_kept_of_each() -> None:
    page = joined([split(b'[{"id": 1}, 2]'), split(b'[{"id": 3}]')])

    assert [one.id for _, one in page] == [1, 3]
    assert [one.raw for one in page.refused] == [b"2"]


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
