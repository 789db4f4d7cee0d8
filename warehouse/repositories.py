"""The repositories that are followed: one identity each, under every name it has had."""
# ruff: noqa: S608 - the only thing put into SQL text is our own list of columns

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, LiteralString

from psycopg.rows import class_row

from gitinsight.errors import IdentityChanged, NotFound
from gitinsight.targets import GIT, Found, Target
from warehouse import tombstones
from warehouse.engine import Connection, Engine, driver
from warehouse.visibility import VISIBLE, Readable, parameter

COLUMNS: LiteralString = (
    "repository_id, host, github_id, full_name, clone_url, default_branch, is_private,"
    " is_synthetic, state, state_reason, added_at, checked_at, fresh_hours"
)


@dataclass(frozen=True, slots=True)
class Repository:
    """``state``: active, unreadable, blocked or disabled; ``fresh_hours``: how old its figures may
    be, null where that is the same as for all.
    """

    repository_id: int
    host: str
    github_id: int | None
    full_name: str
    clone_url: str
    default_branch: str | None
    is_private: bool
    is_synthetic: bool
    state: str
    state_reason: str | None
    added_at: datetime
    checked_at: datetime | None
    fresh_hours: float | None = None

    @property
    def has_api(self) -> bool:
        """False for a git remote alone."""
        return self.host != GIT

    @property
    def is_readable(self) -> bool:
        """As far as was seen when it was asked for last."""
        return self.state == "active"


def add(
    connection: Connection, *, host: str, full_name: str, clone_url: str, at: datetime,
    github_id: int | None = None, is_private: bool = False, is_synthetic: bool = False,
) -> tuple[Repository, bool]:  # fmt: skip
    """The repository, and whether it is new. A known GitHub id under a new name is a rename, and
    what has become private is hidden.
    """
    known = _known(connection, host=host, full_name=full_name, github_id=github_id)
    if known is None:
        added = _one(
            connection,
            f"""
            insert into ops.repositories
                (host, github_id, full_name, clone_url, is_private, is_synthetic, state, added_at)
            values (%(host)s, %(github_id)s, %(name)s, %(clone_url)s, %(private)s, %(synthetic)s,
                    'active', %(at)s)
            on conflict do nothing
            returning {COLUMNS}
            """,
            host=host, github_id=github_id, name=full_name, clone_url=clone_url,
            private=is_private, synthetic=is_synthetic, at=at,
        )  # fmt: skip
        if added is not None:
            _open_name(connection, added.repository_id, full_name, at=at)
            return added, True
        known = _known(connection, host=host, full_name=full_name, github_id=github_id)
        if known is None:
            raise NotFound(full_name)
    if known.github_id is None and github_id is not None:
        _execute(
            connection,
            "update ops.repositories set github_id = %(github_id)s where repository_id = %(id)s",
            github_id=github_id, id=known.repository_id,
        )  # fmt: skip
    if known.full_name != full_name:
        _rename(connection, known, full_name, at=at)
    if is_private:
        hide(connection, known.repository_id)
    return by_id(connection, known.repository_id), False


def follow(
    engine: Engine, target: Target, ask: Callable[[Target], Found | None], *, at: datetime
) -> tuple[Repository, bool]:
    """Add what GitHub shows under a name that is new here; whether it is new. ``ask`` raises
    NotVisible, and nothing is added, where GitHub shows nothing. What was removed is followed anew.
    """
    with engine.begin() as connection:
        known = (
            _by_clone_url(connection, target.clone_url)
            if target.host == GIT
            else on_host(connection, target.host, target.full_name)
        )
    if known is not None:
        return known, False
    found = ask(target)
    with engine.begin() as connection:
        if found is None:
            followed = _add_remote(connection, target, at=at)
        else:
            followed = add(
                connection, host=target.host, full_name=found.full_name,
                clone_url=target.clone_url.replace(target.full_name, found.full_name),
                github_id=found.id, is_private=found.private, at=at,
            )  # fmt: skip
            record_estimate(connection, followed[0].repository_id, found.records_estimate)
        one = followed[0]
        tombstones.lift(
            connection, host=one.host, github_id=one.github_id, full_name=one.full_name, at=at
        )
        return followed


def by_id(connection: Connection, repository_id: int, *, readable: Readable = None) -> Repository:
    """NotFound, too, where it is none that may be seen."""
    found = _one(
        connection,
        f"select {COLUMNS} from ops.repositories where repository_id = %(id)s and {VISIBLE}",
        id=repository_id, readable=parameter(readable),
    )  # fmt: skip
    if found is None:
        raise NotFound(f"repository {repository_id}")
    return found


def by_name(connection: Connection, full_name: str, *, readable: Readable = None) -> Repository:
    """By the name it has now, else by one that it used to have; NotFound as above."""
    found = _one(
        connection,
        f"select {COLUMNS} from ops.repositories where lower(full_name) = lower(%(name)s)"
        f" and {VISIBLE} order by repository_id limit 1",
        name=full_name, readable=parameter(readable),
    ) or _one(
        connection,
        f"select {COLUMNS} from ops.repositories where repository_id ="
        " (select repository_id from ops.repository_names"
        " where lower(full_name) = lower(%(name)s) order by valid_from desc limit 1)"
        f" and {VISIBLE}",
        name=full_name, readable=parameter(readable),
    )  # fmt: skip
    if found is None:
        raise NotFound(full_name)
    return found


def on_host(connection: Connection, host: str, full_name: str) -> Repository | None:
    """By the name that it has now on one host."""
    return _one(
        connection,
        f"select {COLUMNS} from ops.repositories"
        " where host = %(host)s and lower(full_name) = lower(%(name)s)",
        host=host, name=full_name,
    )  # fmt: skip


def by_github_id(connection: Connection, host: str, github_id: int) -> Repository | None:
    """Nobody removes it until the transaction ends."""
    return _one(
        connection,
        f"select {COLUMNS} from ops.repositories"
        " where host = %(host)s and github_id = %(github_id)s for key share",
        host=host, github_id=github_id,
    )  # fmt: skip


def was_called(connection: Connection, repository_id: int, full_name: str) -> bool:
    """Whether it had this name once, and has another one now."""
    found = driver(connection).execute(
        "select from ops.repository_names where repository_id = %s"
        " and lower(full_name) = lower(%s) and valid_to is not null limit 1",
        (repository_id, full_name),
    )
    return found.fetchone() is not None


def rename(
    connection: Connection, repository_id: int, full_name: str, *, at: datetime
) -> Repository:
    """What it is called from now on; IdentityChanged where another one that is followed is."""
    known = by_id(connection, repository_id)
    if known.full_name != full_name:
        _rename(connection, known, full_name, at=at)
    return by_id(connection, repository_id)


def record_loss(connection: Connection, repository_id: int, *, reason: str) -> None:
    """GitHub shows it no more; what is held stays."""
    _execute(
        connection,
        "update ops.repositories set state = 'unreadable', state_reason = %(reason)s"
        " where repository_id = %(id)s",
        reason=reason, id=repository_id,
    )  # fmt: skip


def hide(connection: Connection, repository_id: int) -> None:
    """It is private from now on, until GitHub says otherwise."""
    _execute(
        connection,
        "update ops.repositories set is_private = true"
        " where repository_id = %(id)s and not is_private",
        id=repository_id,
    )


def search(
    connection: Connection, q: str | None = None, *, limit: int = 50, after: int = 0,
    readable: Readable = None,
) -> list[Repository]:  # fmt: skip
    """In the order they were added, those whose name contains ``q`` and that may be seen."""
    cursor = driver(connection).cursor(row_factory=class_row(Repository))
    return cursor.execute(
        f"select {COLUMNS} from ops.repositories where repository_id > %(after)s"
        " and (%(q)s::text is null or position(lower(%(q)s) in lower(full_name)) > 0)"
        f" and {VISIBLE} order by repository_id limit %(limit)s",
        {"after": after, "q": q, "limit": limit, "readable": parameter(readable)},
    ).fetchall()


def record_check(
    connection: Connection, repository_id: int, *, checked_at: datetime,
    default_branch: str | None, full_name: str, is_private: bool, is_synthetic: bool,
    state: str, state_reason: str | None,
) -> Repository:  # fmt: skip
    """What upstream said about it when it was asked last."""
    known = by_id(connection, repository_id)
    if known.full_name != full_name:
        _rename(connection, known, full_name, at=checked_at)
    _execute(
        connection,
        """
        update ops.repositories
        set checked_at = %(at)s, default_branch = coalesce(%(branch)s, default_branch),
            is_private = %(private)s, is_synthetic = %(synthetic)s, state = %(state)s,
            state_reason = %(reason)s
        where repository_id = %(id)s
        """,
        at=checked_at, branch=default_branch, private=is_private, synthetic=is_synthetic,
        state=state, reason=state_reason, id=repository_id,
    )  # fmt: skip
    return by_id(connection, repository_id)


def record_github_id(connection: Connection, repository_id: int, github_id: int) -> None:
    """What the name stood for when it was asked about first; it never changes afterwards."""
    _execute(
        connection,
        "update ops.repositories set github_id = %(github_id)s"
        " where repository_id = %(id)s and github_id is null",
        github_id=github_id, id=repository_id,
    )  # fmt: skip


def is_giant(connection: Connection, repository_id: int, *, records: int) -> bool:
    """Whether it has so many records, as far as anybody has told."""
    found = driver(connection).execute(
        "select records_estimate >= %s from ops.repositories where repository_id = %s",
        (records, repository_id),
    )
    return bool((found.fetchone() or (False,))[0])


def record_estimate(connection: Connection, repository_id: int, records_estimate: int) -> None:
    """About how many records it has: what its lane is chosen by."""
    _execute(
        connection,
        "update ops.repositories set records_estimate = %(estimate)s"
        " where repository_id = %(id)s and records_estimate is distinct from %(estimate)s",
        id=repository_id, estimate=records_estimate,
    )  # fmt: skip


def set_fresh_hours(
    connection: Connection, repository_id: int, fresh_hours: float | None
) -> Repository:
    """How old its figures may be; None is as long as those of all."""
    _execute(
        connection,
        "update ops.repositories set fresh_hours = %(hours)s where repository_id = %(id)s",
        id=repository_id, hours=fresh_hours,
    )  # fmt: skip
    return by_id(connection, repository_id)


def _add_remote(connection: Connection, target: Target, *, at: datetime) -> tuple[Repository, bool]:
    """One at a time: of two that ask at once, the second must see what the first has added."""
    _execute(connection, "lock table ops.repositories in share row exclusive mode")
    known = _by_clone_url(connection, target.clone_url)
    if known is not None:
        return known, False
    return add(
        connection, host=target.host, full_name=_free_name(connection, target),
        clone_url=target.clone_url, at=at,
    )  # fmt: skip


def _by_clone_url(connection: Connection, clone_url: str) -> Repository | None:
    return _one(
        connection,
        f"select {COLUMNS} from ops.repositories"
        " where host = %(host)s and clone_url = %(clone_url)s",
        host=GIT, clone_url=clone_url,
    )  # fmt: skip


def _free_name(connection: Connection, target: Target) -> str:
    """Two directories may be called the same; their names here may not."""
    if on_host(connection, target.host, target.full_name) is None:
        return target.full_name
    digest = blake2b(target.clone_url.encode(), digest_size=4).hexdigest()
    return f"{target.full_name}-{digest}"


def _known(
    connection: Connection, *, host: str, full_name: str, github_id: int | None
) -> Repository | None:
    identified = _one(
        connection,
        f"select {COLUMNS} from ops.repositories"
        " where host = %(host)s and github_id = %(github_id)s for no key update",
        host=host, github_id=github_id,
    )  # fmt: skip
    named = _one(
        connection,
        f"select {COLUMNS} from ops.repositories"
        " where host = %(host)s and lower(full_name) = lower(%(name)s) for no key update",
        host=host, name=full_name,
    )  # fmt: skip
    if named and named.github_id and github_id and named.github_id != github_id:
        raise IdentityChanged(full_name, named.github_id, github_id)
    return identified or named


def _rename(connection: Connection, known: Repository, full_name: str, *, at: datetime) -> None:
    """The clone URL moves too: whoever takes the old name next would be read in its place."""
    holder = on_host(connection, known.host, full_name)
    if holder is not None and holder.repository_id != known.repository_id:
        raise IdentityChanged(full_name, holder.github_id or 0, known.github_id or 0)
    repository_id = known.repository_id
    _execute(
        connection,
        "update ops.repositories set full_name = %(name)s, clone_url = %(clone_url)s"
        " where repository_id = %(id)s",
        name=full_name, clone_url=known.clone_url.replace(known.full_name, full_name),
        id=repository_id,
    )  # fmt: skip
    _execute(
        connection,
        "update ops.repository_names set valid_to = %(at)s"
        " where repository_id = %(id)s and valid_to is null",
        id=repository_id, at=at,
    )  # fmt: skip
    _open_name(connection, repository_id, full_name, at=at)


def _open_name(connection: Connection, repository_id: int, name: str, *, at: datetime) -> None:
    _execute(
        connection,
        "insert into ops.repository_names (repository_id, full_name, valid_from)"
        " values (%(id)s, %(name)s, %(at)s)"
        " on conflict (repository_id, full_name, valid_from) do update set valid_to = null",
        id=repository_id, name=name, at=at,
    )  # fmt: skip


def _one(connection: Connection, statement: LiteralString, **values: Any) -> Repository | None:
    cursor = driver(connection).cursor(row_factory=class_row(Repository))
    return cursor.execute(statement, values).fetchone()


def _execute(connection: Connection, statement: LiteralString, **values: Any) -> None:
    driver(connection).execute(statement, values)
