"""What `gitinsight doctor` looks at; each finding says how bad it is, and what mends it.

Nothing here changes anything, and nothing that is away keeps the rest from being looked at.
"""

import shutil
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

import httpx2
import redis

from flows import backup, stack, vitals
from gitinsight import clock
from gitinsight.errors import BrokenEnvironment, first_line
from gitinsight.runtime import pg_tools
from gitinsight.settings import Settings
from warehouse import diagnosis, freshness, migrate
from warehouse.engine import UNREACHABLE, Engine, make_engine

Level = Literal["ok", "warning", "error"]
EXIT_CODES: dict[Level, int] = {"ok": 0, "warning": 3, "error": 1}
_TIMEOUT_SECONDS = 10.0
_FULL_BYTES, _SCARCE_BYTES = 500 * 2**20, 5 * 2**30
_SKEW_SECONDS, _BROKEN_SKEW_SECONDS = 30, 240
"""GitHub takes no token of an App that is a minute ahead of it, or ten behind."""
_LITTLE_LEFT = 0.1
_OLDEST_SERVER = 14
_BACKUP_HOURS = 48


@dataclass(frozen=True, slots=True)
class Finding:
    """``mend`` is a command, or what somebody has to do; null where nothing is wrong."""

    what: str
    level: Level
    said: str
    mend: str | None = None


def exit_code(findings: Sequence[Finding]) -> int:
    """That of the worst."""
    levels = {one.level for one in findings}
    worst: Level = "error" if "error" in levels else "warning" if "warning" in levels else "ok"
    return EXIT_CODES[worst]


def look(settings: Settings) -> list[Finding]:
    return [
        *_machine(settings), *_ports(settings), *_warehouse(settings), *_redis(settings),
        *_orchestrator(settings), *github(settings, clock.now()), *_backups(settings),
    ]  # fmt: skip


def _machine(settings: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if shutil.which("git") is None:
        yield Finding("git", "error", "git is not installed", "install git")
    yield Finding("python", "ok", version)
    free = shutil.disk_usage(settings.state_dir).free
    said = f"{free / 1e9:.1f} GB free for {settings.state_dir}"
    mend = "free some, or set GITINSIGHT_STATE_DIR to a larger disk"
    if free < _FULL_BYTES:
        yield Finding("disk", "error", said, mend)
    elif free < _SCARCE_BYTES:
        yield Finding("disk", "warning", said, mend)
    else:
        yield Finding("disk", "ok", said)


def _ports(settings: Settings) -> Iterator[Finding]:
    """Of what a stack here would listen on, unless it is what listens there."""
    if vitals.is_up(settings):
        return
    wanted = {"API": ("api", settings.api.port)}
    if settings.orchestrator.api_url is None:
        wanted["Prefect"] = ("orchestrator", settings.orchestrator.port)
    for name, (part, port) in wanted.items():
        with socket.socket() as probe:
            is_taken = probe.connect_ex(("127.0.0.1", port)) == 0
        if is_taken:
            mend = f"stop what listens there, or set GITINSIGHT_{part.upper()}__PORT to another"
            yield Finding("ports", "warning", f"port {port} of the {name} is in use", mend)


def _warehouse(settings: Settings) -> Iterator[Finding]:
    if settings.warehouse.url is None and not vitals.is_up(settings):
        yield Finding("warehouse", "ok", "the embedded one, which does not run now")
        return
    try:
        with stack.server(settings) as (told, _):
            engine = make_engine(told.warehouse_url, process="doctor", pool_size=1)
            try:
                yield from warehouse(engine, settings)
            finally:
                engine.dispose()
    except BrokenEnvironment as error:
        yield Finding("warehouse", "error", str(error), "gitinsight up")


def warehouse(engine: Engine, settings: Settings) -> Iterator[Finding]:
    try:
        with engine.connect() as connection:
            at, newest = migrate.current(connection), migrate.head()
            yield Finding("warehouse", "ok", "it answers")
            if at is None:
                yield Finding("migrations", "error", "there are no tables", "gitinsight migrate")
                return
            if at > newest:
                said = f"its tables are of {at}, and this GitInsight knows {newest}"
                yield Finding("migrations", "error", said, "install the newer GitInsight")
                return
            if at != newest:
                said = f"its tables are of {at}, the newest are {newest}"
                yield Finding("migrations", "error", said, "gitinsight migrate")
                return
            yield Finding("migrations", "ok", at)
            found = diagnosis.diagnose(connection, now=clock.now())
            ages = freshness.several(
                connection, now=clock.now(), fresh_for=settings.quality.fresh_for
            )
    except UNREACHABLE as error:
        mend = "start PostgreSQL, or see that GITINSIGHT_WAREHOUSE__URL names it"
        yield Finding("warehouse", "error", f"it does not answer: {first_line(error)}", mend)
        return
    yield from _server(found.server_version)
    yield from _jobs(found)
    yield from _figures(ages)


def _server(version: int) -> Iterator[Finding]:
    if version < _OLDEST_SERVER:
        said = f"PostgreSQL {version} is older than {_OLDEST_SERVER}"
        yield Finding("postgresql", "error", said, "upgrade the server")
        return
    yield Finding("postgresql", "ok", str(version))
    try:
        pg_tools.find("pg_dump", server=version)
    except BrokenEnvironment as error:
        yield Finding("pg_dump", "warning", str(error), f"install postgresql-client-{version}")


def _jobs(found: diagnosis.Diagnosis) -> Iterator[Finding]:
    told = (
        (found.abandoned, "error", "jobs have lost their worker, and nobody takes them over",
         "gitinsight run worker"),
        (found.waiting, "warning", "jobs could have begun an hour ago", "gitinsight run worker"),
        (found.failed, "warning", "repositories whose newest job failed",
         "gitinsight jobs, then docs/runbooks/job-does-not-end.md"),
        (found.deliveries, "warning", "deliveries of webhooks wait for an hour or longer",
         "gitinsight run worker"),
        (found.removals, "warning", "removed repositories are not erased after an hour",
         "gitinsight removals, then docs/runbooks/remove-a-repository.md"),
    )  # fmt: skip
    wrong = [
        Finding("jobs", level, f"{count} {said}", mend)  # type: ignore[arg-type]
        for count, level, said, mend in told
        if count
    ]
    yield from wrong or [Finding("jobs", "ok", "none waits for long")]


def _figures(ages: Sequence[freshness.Freshness]) -> Iterator[Finding]:
    stale = [one.full_name for one in ages if one.is_fresh is False]
    none = [one.full_name for one in ages if one.seconds is None]
    if stale:
        said = f"older than they may be: {_several(stale)}"
        yield Finding("figures", "warning", said, f"gitinsight analyze {stale[0]}")
    if none:
        said = f"never published: {_several(none)}"
        yield Finding("figures", "warning", said, f"gitinsight analyze {none[0]}")
    if not stale and not none:
        yield Finding("figures", "ok", f"those of {len(ages)} repositories, none too old")


def _several(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis.url is None:
        return
    try:
        with redis.Redis.from_url(
            settings.redis.url.get_secret_value(), socket_connect_timeout=_TIMEOUT_SECONDS
        ) as connection:
            connection.ping()
    except redis.RedisError as error:
        mend = "start it, or see that GITINSIGHT_REDIS__URL names it; everything goes on without"
        yield Finding("redis", "warning", f"it does not answer: {first_line(error)}", mend)
    else:
        yield Finding("redis", "ok", "it answers")


def _orchestrator(settings: Settings) -> Iterator[Finding]:
    if settings.orchestrator.api_url is None and not vitals.is_up(settings):
        return
    url = settings.orchestrator.url
    try:
        httpx2.get(f"{url}/ready", timeout=_TIMEOUT_SECONDS).raise_for_status()
        served = httpx2.get(
            f"{url}/deployments/name/analyze-repository/served", timeout=_TIMEOUT_SECONDS
        )
    except httpx2.HTTPError as error:
        said = f"{url} does not answer: {first_line(error)}"
        yield Finding("prefect", "error", said, "gitinsight run prefect")
        return
    if served.status_code != httpx2.codes.OK or served.json().get("status") != "READY":
        said = "no worker serves its flows"
        yield Finding("worker", "error", said, "gitinsight run worker")
    else:
        yield Finding("prefect", "ok", "it answers, and a worker serves its flows")


def github(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Asks for what is left of the limits, which costs nothing."""
    if not settings.tokens and settings.github.app_id is None:
        said = "no token: 60 requests an hour, and no GraphQL"
        yield Finding("tokens", "warning", said, "set GITHUB_TOKEN")
    url = f"{settings.github.api_url}/rate_limit"
    skew = None
    for number, token in enumerate(settings.tokens, start=1):
        headers = {"authorization": f"Bearer {token.get_secret_value()}"}
        try:
            answer = httpx2.get(url, headers=headers, timeout=_TIMEOUT_SECONDS)
        except httpx2.HTTPError as error:
            said = f"{settings.github.api_url} does not answer: {first_line(error)}"
            yield Finding("github", "error", said, "see that this machine reaches it")
            return
        yield _token(f"token {number} of {len(settings.tokens)}", answer)
        if "date" in answer.headers:
            skew = (now - parsedate_to_datetime(answer.headers["date"])).total_seconds()
    if skew is not None:
        yield _clock(skew)


def _token(name: str, answer: httpx2.Response) -> Finding:
    if answer.status_code == httpx2.codes.UNAUTHORIZED:
        said = f"{name} is wrong, expired or revoked"
        return Finding("tokens", "error", said, "put another into GITINSIGHT_GITHUB__TOKENS")
    if answer.status_code != httpx2.codes.OK:
        said = f"GitHub answers {answer.status_code} to {name}"
        return Finding("github", "warning", said, "try again in some minutes")
    limits = answer.json()["resources"]
    left = {bucket: limits[bucket] for bucket in ("core", "graphql") if bucket in limits}
    said = f"{name}: " + ", ".join(
        f"{one['remaining']} of {one['limit']} {bucket}" for bucket, one in left.items()
    )
    scarce = [one for one in left.values() if one["remaining"] < one["limit"] * _LITTLE_LEFT]
    if not scarce:
        return Finding("tokens", "ok", said)
    reset = datetime.fromtimestamp(max(one["reset"] for one in scarce), UTC)
    mend = f"wait until {reset:%H:%M:%SZ}, or add a token of another user"
    return Finding("tokens", "warning", said, mend)


def _clock(skew: float) -> Finding:
    said = f"{abs(skew):.0f} seconds {'ahead of' if skew > 0 else 'behind'} GitHub's"
    if abs(skew) < _SKEW_SECONDS:
        return Finding("clock", "ok", said)
    level: Level = "error" if abs(skew) >= _BROKEN_SKEW_SECONDS else "warning"
    return Finding("clock", level, said, "timedatectl set-ntp true")


def _backups(settings: Settings) -> Iterator[Finding]:
    """Only where somebody has said where they are to lie."""
    if settings.backup.directory is None:
        return
    newest = backup.newest(settings.backup.directory)
    if newest is None:
        yield Finding("backup", "warning", "there is none", "gitinsight backup")
        return
    hours = (clock.now() - newest).total_seconds() / 3600
    level: Level = "warning" if hours > _BACKUP_HOURS else "ok"
    mend = "gitinsight backup" if level == "warning" else None
    yield Finding("backup", level, f"the newest is {hours:.0f} hours old", mend)
