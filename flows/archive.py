"""Hours of GH Archive into the warehouse: from the first source that has them, one by one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import httpx2
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from flows.tables import number
from gitinsight import logs
from gitinsight.clock import Clock
from gitinsight.errors import BrokenArchive, HourMissing, TransientError, UpstreamUnavailable
from gitinsight.gharchive import hours, sources
from warehouse import gharchive
from warehouse.engine import Engine
from warehouse.gharchive import ArchiveHour

_LOG = logs.get(__name__)
_PARTIAL, _LATER = 3, 75


@dataclass(frozen=True, slots=True)
class Outcome:
    """``new`` events were not held before; null where the hour was not asked for again."""

    held: ArchiveHour
    new: int | None


def load(
    engine: Engine, wanted: Iterable[datetime], places: Sequence[str], *, now: Clock,
    is_full: bool = False,
) -> Iterator[Outcome]:  # fmt: skip
    """Every hour that is wanted, in turn. One that is loaded or absent is passed over, unless
    ``is_full``.
    """
    with sources.client() as http:
        for hour in wanted:
            with engine.begin() as connection:
                held = gharchive.find(connection, hour)
            if held is not None and held.state in {"loaded", "absent"} and not is_full:
                yield Outcome(held, None)
            else:
                yield _load_hour(engine, hour, places, http=http, at=now())


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """75 where another attempt may bring more, 3 where something stays missing, else 0."""
    codes = {_code(one) for one in outcomes}
    return _LATER if _LATER in codes else max(codes, default=0)


def follow(outcomes: Iterable[Outcome], total: int, console: Console) -> Iterator[Outcome]:
    """The same, told while they come: a bar on a terminal, and a line for every hour."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True,
        disable=not console.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task("hours", total=total)
        for outcome in outcomes:
            console.print(_line(outcome), markup=False, soft_wrap=True)
            bar.advance(task)
            yield outcome


def _line(outcome: Outcome) -> str:
    held = outcome.held
    line = f"{hours.name(held.hour)}: {held.state}"
    if held.state == "loaded":
        line += f", {number(held.events_count)} events"
        line += " already" if outcome.new is None else f", {number(outcome.new)} new"
        line += f", {number(held.refused_count)} refused" if held.refused_count else ""
        line += f", {held.grade}"
    if held.error is not None:
        line += f": {held.error}"
    return line


def _load_hour(
    engine: Engine, hour: datetime, places: Sequence[str], *, http: httpx2.Client, at: datetime
) -> Outcome:
    failures: list[TransientError] = []
    for place in places:
        try:
            with engine.begin() as connection, sources.opened(place, hour, http) as download:
                held, new = gharchive.load(connection, hour, download, at=at)
        except (HourMissing, BrokenArchive, UpstreamUnavailable) as error:
            failures.append(error)
        else:
            _LOG.info("archive_hour_loaded", hour=hours.name(hour), source=place, new=new)
            return Outcome(held, new)
    is_missing = all(isinstance(one, HourMissing) for one in failures)
    with engine.begin() as connection:
        held = gharchive.record_failure(
            connection, hour, source=sources.address(places[-1], hour), is_missing=is_missing,
            error="; ".join(map(str, failures)), at=at,
        )  # fmt: skip
    return Outcome(held, 0)


def _code(outcome: Outcome) -> int:
    held = outcome.held
    is_in_vain = outcome.new is not None and held.error is not None
    if held.state == "absent":
        return _PARTIAL
    if held.state != "loaded" or is_in_vain:
        return _LATER
    return _PARTIAL if held.refused_count else 0
