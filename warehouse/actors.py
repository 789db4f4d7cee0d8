"""What somebody knows better than any rule: the class that an account was given by hand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from psycopg.rows import class_row

from gitinsight.errors import NotFound
from warehouse import identities
from warehouse.engine import Connection, driver

ActorClass = Literal["human", "bot", "ai_agent"]
CLASSES: tuple[str, ...] = get_args(ActorClass)


@dataclass(frozen=True, slots=True)
class Override:
    """It holds for the account in every repository, from its next analysis on."""

    login: str
    actor_class: str
    reason: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """``evidence`` is all that speaks, whether it decided or not."""

    repository: str
    login: str
    actor_class: str
    bot_source: str | None
    bot_probability: float | None
    evidence: list[str]


def overrides(connection: Connection) -> list[Override]:
    return (
        driver(connection)
        .cursor(row_factory=class_row(Override))
        .execute(
            "select login, actor_class, reason, set_at from ops.actor_overrides"
            " where unset_at is null order by login"
        )
        .fetchall()
    )


def judged(connection: Connection, login: str) -> list[Judged]:
    """What an account is in each repository where it did something, as it is published; NotFound
    where it is nowhere.
    """
    raw = driver(connection)
    there = raw.execute("select to_regclass('marts.dim_actor') is not null").fetchone()
    found = (
        raw.cursor(row_factory=class_row(Judged))
        .execute(
            "select repository.full_name as repository, actor.login, actor.actor_class,"
            " actor.bot_source, actor.bot_probability, actor.evidence"
            " from marts.dim_actor as actor join ops.repositories as repository"
            " using (repository_id) where lower(actor.login) = lower(%s) order by 1, 2",
            (login,),
        )
        .fetchall()
        if there and there[0]
        else []
    )
    if not found:
        raise NotFound(f"an account {login} in a published repository")
    return found


def override(
    connection: Connection, login: str, actor_class: ActorClass, *, reason: str, at: datetime
) -> None:
    """The one before is kept with its time."""
    _end(connection, login, at)
    driver(connection).execute(
        "insert into ops.actor_overrides (login, actor_class, reason, set_at)"
        " values (lower(%s), %s, %s, %s)",
        (login, actor_class, reason, at),
    )
    identities.mark(connection, [login], reason=f"{login} is {actor_class}", at=at)


def let_rules_decide(connection: Connection, login: str, *, at: datetime) -> None:
    """NotFound where nobody has set a class."""
    if not _end(connection, login, at):
        raise NotFound(f"a class that was set for {login}")
    identities.mark(connection, [login], reason=f"rules decide what {login} is", at=at)


def _end(connection: Connection, login: str, at: datetime) -> int:
    return (
        driver(connection)
        .execute(
            "update ops.actor_overrides set unset_at = %s"
            " where login = lower(%s) and unset_at is null",
            (at, login),
        )
        .rowcount
    )
