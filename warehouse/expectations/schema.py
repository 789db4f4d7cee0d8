"""Schema drift: whether payloads still have the keys and types that the staging models read, and
what they have had in the meantime that nobody reads yet.

Types are looked at in all that is held. Keys are in ``ops.payload_keys``, what was read since the
last publication is compared with what each repository was seen to have before.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from psycopg import sql

from warehouse.engine import Connection, driver
from warehouse.expectations.contract import CONTRACTS, Contract
from warehouse.expectations.measure import Measure, count

_SAMPLE = 1_000
"""Records of a thing that are looked at, the newest: GitHub's answers are alike."""
_NULL = "null"

_Seen = Mapping[tuple[str, str], set[str]]
"""(source, path) -> JSON types."""


@dataclass(slots=True)
class _Drift:
    vanished: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    is_known: bool = False
    """Whether there was anything to compare with."""


def run(
    connection: Connection, repository_id: int, *, job_id: UUID, at: datetime
) -> Iterator[Measure]:
    """Writes down which keys there are; within one job it finds the same however often it runs."""
    for thing, contract in CONTRACTS.items():
        yield _types(connection, thing, contract, repository_id)
    for thing, contract in CONTRACTS.items():
        found = _drift(connection, thing, contract, repository_id, job_id=job_id, at=at)
        if found.is_known:
            yield _measure("keys", thing, "block", found.vanished, "every key that is read")
            yield _measure("new_keys", thing, "warn", found.new, "no key that was not there before")


def _measure(kind: str, thing: str, severity: str, what: list[str], wanted: str) -> Measure:
    return Measure(
        f"{kind}:github_{thing}", f"raw.github_{thing}",
        "block" if severity == "block" else "warn", -len(what), 0,
        ", ".join(what) or "none", wanted,
    )  # fmt: skip


def _types(connection: Connection, thing: str, contract: Contract, repository_id: int) -> Measure:
    """What no record may be without is looked at in all that is held, the rest in what was read
    since the last publication. One path expression each, so that a large payload is unpacked once;
    what is wrong is asked for where something is.
    """
    bad = _misfits(connection, thing, contract, repository_id)
    wrong = [
        path
        for path in (contract.read if bad else ())
        if _misfits(connection, thing, _only(contract, path), repository_id)
    ]
    wanted = ", ".join(f"{path} ({kind})" for path, kind in contract.always.items())
    return Measure(
        f"types:github_{thing}", f"raw.github_{thing}", "block", -bad, 0,
        f"{bad} records are otherwise" + (f": {', '.join(wrong)}" if wrong else ""),
        f"each has {wanted or 'what is read, or nothing'}",
    )  # fmt: skip


def _misfits(connection: Connection, thing: str, contract: Contract, repository_id: int) -> int:
    query = sql.SQL(
        """
        select count(*) from raw.{table}
        where repository_id = {id} and deleted_at is null and (
            (payload @@ {always}) is not true
            or extracted_at > {since} and (payload @@ {whole}) is not true
        )
        """
    )
    always, whole = _fits(Contract(contract.always)), _fits(contract)
    asked = query.format(
        table=sql.Identifier(f"github_{thing}"), id=repository_id, since=_since(repository_id),
        always=sql.Literal(always), whole=sql.Literal(whole),
    )  # fmt: skip
    return count(connection, asked)


def _since(repository_id: int) -> sql.Composed:
    return sql.SQL(
        "coalesce((select published_at from ops.publications where repository_id = {}),"
        " '-infinity')"
    ).format(repository_id)


def _fits(contract: Contract) -> str:
    """What is true of a record that the staging models can read."""
    rules = [f'$.{_quoted(path)}.type() == "{kind}"' for path, kind in contract.always.items()]
    for path, kind in {**contract.usually, **contract.sometimes}.items():
        typed = f"$.{_quoted(path)}.type()"
        rules.append(f'!({typed} != "{kind}" && {typed} != "{_NULL}")')
    return " && ".join(['$.type() == "object"', *rules])


def _only(contract: Contract, path: str) -> Contract:
    if path in contract.always:
        return Contract(always={path: contract.always[path]})
    return Contract(sometimes={path: contract.read[path]})


def _quoted(path: str) -> str:
    return ".".join(f'"{key}"' for key in path.split("."))


def _drift(
    connection: Connection, thing: str, contract: Contract, repository_id: int, *, job_id: UUID,
    at: datetime,
) -> _Drift:  # fmt: skip
    known = _known(connection, thing, repository_id, job_id)
    sampled = _sampled(connection, thing, contract, repository_id, is_baseline=not known)
    if not sampled:
        return _Drift()
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    for source, path, json_type, _, _ in sampled:
        seen[source, path].add(json_type)
    drift = _Drift()
    for source in sorted({source for source, _ in seen} & {source for source, _ in known}):
        drift.is_known = True
        drift.vanished += _vanished(contract, source, seen, known)
        # GraphQL answers what our own queries ask for: what is new there is no news.
        if source == "rest" and any(_new(contract, seen, known)):
            anywhere = _known(connection, thing, repository_id, job_id, is_host=True)
            drift.new += _new(contract, seen, anywhere)
    _record(connection, thing, sampled, repository_id, job_id=job_id, at=at)
    return drift


def _vanished(contract: Contract, source: str, seen: _Seen, known: _Seen) -> Iterator[str]:
    """Of what is below a key only where that is an object in one record at least."""
    for path in contract.expected:
        parent = path.rpartition(".")[0]
        is_told = not parent or "object" in seen.get((source, parent), ())
        if is_told and (source, path) in known and (source, path) not in seen:
            yield f"{path} is gone"


def _new(contract: Contract, seen: _Seen, known: _Seen) -> Iterator[str]:
    for (source, path), types in sorted(seen.items()):
        if source != "rest" or path in contract.read:
            continue
        before = known.get((source, path), set())
        told = types - before - {_NULL}
        if not before:
            yield f"{path} ({', '.join(sorted(types))}) is new"
        elif told and before != {_NULL}:
            yield f"{path} ({', '.join(sorted(told))}) was {', '.join(sorted(before - {_NULL}))}"


def _sampled(
    connection: Connection,
    thing: str,
    contract: Contract,
    repository_id: int,
    *,
    is_baseline: bool,
) -> list[tuple[str, str, str, int, int]]:
    """(source, path, JSON type, records with it, records) of the newest records, for a baseline of
    all that are held, else of what was read since the last publication, whichever job has read it.
    """
    nested = [path for path in contract.read if "." in path]
    found = driver(connection).execute(
        sql.SQL(
            """
            with sampled as materialized (
                select source, case jsonb_typeof(payload) when 'object' then payload else '{{}}' end
                    as payload
                from raw.{table}
                where repository_id = %(id)s and deleted_at is null
                    and (%(is_baseline)s or extracted_at > {since})
                order by extracted_at desc limit %(most)s
            ),
            keys as (
                select source, key as path, jsonb_typeof(value) as json_type
                from sampled cross join lateral jsonb_each(payload)
                union all
                select source, path, jsonb_typeof(payload #> string_to_array(path, '.'))
                from sampled cross join unnest(%(nested)s::text[]) as path
            )
            select source, path, json_type, count(*),
                (select count(*) from sampled as of where of.source = keys.source)
            from keys where json_type is not null group by source, path, json_type
            """
        ).format(table=sql.Identifier(f"github_{thing}"), since=_since(repository_id)),
        {
            "id": repository_id,
            "most": _SAMPLE,
            "nested": nested,
            "is_baseline": is_baseline,
        },
    )
    return found.fetchall()


def _known(
    connection: Connection, thing: str, repository_id: int, job_id: UUID, *, is_host: bool = False
) -> _Seen:
    """What other jobs saw: of this repository, or of any on the same host."""
    known: dict[tuple[str, str], set[str]] = defaultdict(set)
    found = driver(connection).execute(
        """
        select distinct source, path, json_type from ops.payload_keys
        where thing = %(thing)s and first_job_id <> %(job)s and repository_id in (
            select repository_id from ops.repositories
            where repository_id = %(id)s or %(is_host)s
                and host = (select host from ops.repositories where repository_id = %(id)s)
        )
        """,
        {"id": repository_id, "thing": thing, "job": job_id, "is_host": is_host},
    )
    for source, path, json_type in found:
        known[source, path].add(json_type)
    return known


def _record(
    connection: Connection, thing: str, sampled: Iterable[tuple[str, str, str, int, int]],
    repository_id: int, *, job_id: UUID, at: datetime,
) -> None:  # fmt: skip
    driver(connection).cursor().executemany(
        """
        insert into ops.payload_keys
            (repository_id, thing, source, path, json_type, records_count, sampled_count,
            first_job_id, first_seen_at, last_seen_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (repository_id, thing, source, path, json_type) do update set
            last_seen_at = excluded.last_seen_at, records_count = excluded.records_count,
            sampled_count = excluded.sampled_count
        """,
        [(repository_id, thing, *one, job_id, at, at) for one in sampled],
    )
