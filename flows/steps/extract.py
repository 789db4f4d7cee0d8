"""Everything that is read from GitHub and git in one job, in the order that costs least."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Protocol, TypeVar

from flows.steps import account, commits, discover, identities, mend, pull_requests, reading, sweep
from flows.steps.account import Account
from flows.steps.lanes import Feed, ahead, together
from flows.steps.run import Run, StepResult
from gitinsight.errors import BrokenAnswer
from gitinsight.github.payloads import Kind, Quarantined
from gitinsight.things.catalogue import THINGS
from gitinsight.things.issue_comments import ISSUE_COMMENTS
from gitinsight.things.issues import ISSUES
from gitinsight.things.pull_requests import PULL_REQUESTS
from gitinsight.things.review_comments import REVIEW_COMMENTS
from gitinsight.things.thing import Reading, Thing
from gitinsight.things.workflow_jobs import WORKFLOW_JOBS
from warehouse import completeness, cursors, dirty, jobs, quarantine
from warehouse.dirty import Mark

T = TypeVar("T")


class Call(Protocol):
    """Runs one step under its name: directly, or as a task of an orchestrator."""

    def __call__(self, name: str, step: Callable[[], T], /) -> T: ...


_LANES, _SHORT_LANES = 4, 2
"""So much is read at once, and so many of the short lists: GitHub asks whoever is in a hurry to
slow down.
"""
_CATALOGUE = tuple(thing for thing in THINGS if thing.catalogue)
_ALONE = tuple(thing for thing in _CATALOGUE if thing.moves_alone)


@dataclass(slots=True)
class Extraction:
    results: dict[str, StepResult] = field(default_factory=dict)
    account: Account | None = None

    @property
    def has_changed(self) -> bool:
        return any(one.touched for one in self.results.values())

    @property
    def has_news(self) -> bool:
        """Something has changed, or cannot be read: the ledger has to be made up anew."""
        return self.has_changed or any(one.unavailable for one in self.results.values())


@dataclass(frozen=True, slots=True)
class _Steps:
    """What is read in one job, each under its name, and what came of it in ``done``."""

    run: Run
    call: Call
    marks: Sequence[Mark]
    done: Extraction = field(default_factory=Extraction)

    def keep(self, name: str, read: Callable[[], StepResult]) -> StepResult:
        with _keeping(self.run, name):
            self.done.results[name] = read()
        return self.done.results[name]

    def step(self, name: str, read: Callable[[Run], StepResult]) -> StepResult:
        return self.call(name, partial(self.keep, name, partial(read, self.run)))

    def read(self, thing: Thing, *, is_quiet: bool = False) -> StepResult:
        return self.step(thing.name, partial(reading.read, thing=thing, is_quiet=is_quiet))

    def catalogue(self) -> list[StepResult]:
        """One step for the orchestrator: a task of its own costs as much as reading such a list."""

        def lists() -> list[StepResult]:
            return together(
                [
                    partial(self.keep, one.name, partial(reading.read, self.run, one))
                    for one in _CATALOGUE
                ],
                lanes=_SHORT_LANES,
            )

        return self.call("catalogue", lists)

    def commits(self) -> StepResult:
        return self.step("commits", commits.read_commits)

    def pull_requests(self, listed: Iterable[Sequence[int]] = ()) -> StepResult:
        """What was marked is read by number: what is inside of it may change without a word from
        the list of issues.
        """
        marked = [int(one.key) for one in self.marks if one.thing == PULL_REQUESTS.name and one.key]
        read = partial(pull_requests.hydrate, numbers=marked, listed=listed)
        return self.step("pull_requests", read)

    def issues_and_pull_requests(self) -> list[StepResult]:
        """The list of the one says which of the other there are; these are read as it goes on, from
        its first page.
        """
        listed = Feed[int]()

        def issues() -> StepResult:
            with listed.filling() as told:
                return self.step(ISSUES.name, partial(reading.read, thing=ISSUES, told=told))

        def its_pull_requests() -> StepResult:
            coming = iter(listed)
            return self.pull_requests(chain([next(coming, ())], coming))

        return together([issues, its_pull_requests])


def extract(run: Run, call: Call) -> Extraction:
    """An unchanged repository costs six conditional requests at most: the object, the three lists
    that move, workflow runs, and one page of one short list in turn. Its ledger stays as it was.
    """
    steps = _Steps(run, call, _marks(run))
    done = steps.done
    may_be_calm = _was_settled(run) and not run.job.is_full and not steps.marks
    _forget_if_asked(run)
    if run.repository.has_api:
        is_calm = _read_github(steps, may_be_calm=may_be_calm)
    else:
        steps.step("repositories", discover.discover_local)
        steps.commits()
        is_calm = may_be_calm and not done.has_news
    if is_calm:
        return done
    with ahead(partial(account.upstream, run)) as upstream:
        found = mend.look(run) if run.repository.has_api else None
    told = upstream()
    if found is not None:
        counts, results = told.counts, done.results
        steps.step("mend", partial(mend.mend, upstream=counts, results=results, found=found))
    with _keeping(run, "totals"):
        done.account = account.account(run, done.results, told)
    _close_answers(run)
    with run.warehouse.begin() as connection:
        run.hold(connection)
        dirty.clear(connection, steps.marks)
    return done


def _read_github(steps: _Steps, *, may_be_calm: bool) -> bool:
    """Whether nothing is new. Where that may be, the lists that move are asked before any other;
    else all are read at once, but for what the others have to name first.
    """
    run, done = steps.run, steps.done
    steps.step("repositories", discover.discover)
    comments: list[Callable[[], object]] = [
        partial(steps.read, thing) for thing in (ISSUE_COMMENTS, REVIEW_COMMENTS)
    ]
    if may_be_calm:
        moving: list[Callable[[], object]] = [partial(steps.read, ISSUES), *comments, steps.commits]
        together(moving)
        if not done.has_news and not (run.client.has_token and sweep.is_due(run)):
            for thing in (*_ALONE, *_in_turn(run)):
                steps.read(thing, is_quiet=True)
            if not done.has_news:
                _close_answers(run)
                return True
        beside: list[Callable[[], object]] = [steps.catalogue, steps.pull_requests]
        together(beside)
    else:
        together(
            [steps.issues_and_pull_requests, *comments, steps.commits, steps.catalogue],
            lanes=_LANES,
        )
    steps.read(WORKFLOW_JOBS)
    steps.step("identities", identities.identify)
    steps.step("sweep", sweep.sweep)
    return False


def _marks(run: Run) -> list[Mark]:
    """What webhooks have told of before this reading began."""
    with run.warehouse.begin() as connection:
        due = dirty.due(connection, run.repository.repository_id)
    return [one for one in due if one.thing != dirty.FIGURES]


def _forget_if_asked(run: Run) -> None:
    if run.job.is_full and run.job.started_at is not None:
        with run.warehouse.begin() as connection:
            cursors.forget(connection, run.repository.repository_id, before=run.job.started_at)


@contextmanager
def _keeping(run: Run, thing: str) -> Iterator[None]:
    """An answer that stayed broken is kept as it came; nothing of its page was written."""
    try:
        yield
    except BrokenAnswer as error:
        with run.warehouse.begin() as connection:
            quarantine.keep(
                connection, thing, [Quarantined(Kind.ANSWER, None, error.body, error.reason)],
                repository_id=run.repository.repository_id, source="rest", at=run.clock(),
                job_id=run.job.job_id,
            )  # fmt: skip
        raise


def _close_answers(run: Run) -> None:
    with run.warehouse.begin() as connection:
        quarantine.close_answers(connection, run.repository.repository_id, at=run.clock())


def _was_settled(run: Run) -> bool:
    """Whether the job before this one came to its end, so that nothing of it is left to do, and
    nothing has come out of quarantine since. What is missing, but for what is in quarantine, may be
    there by now.
    """
    repository_id = run.repository.repository_id
    with run.warehouse.begin() as connection:
        known = completeness.entries(connection, repository_id).values()
        states = cursors.states(connection, repository_id)
        gaps = {
            one.thing
            for one in known
            # Where as many are held as GitHub's own list has, there are no more to be had.
            if one.is_gap and one.held_count != states.get(one.thing, {}).get("listed", -1)
        }
        return (
            run.job.attempt == 1
            and jobs.was_settled(connection, run.job)
            and not states.get(PULL_REQUESTS.name, {}).get("young")
            and not quarantine.has_news(connection, repository_id)
            and gaps <= quarantine.gaps(connection, repository_id).keys()
        )


def _in_turn(run: Run) -> list[Thing]:
    """What has not been looked at for longest, of what is free where it is unchanged."""
    with run.warehouse.begin() as connection:
        looks = cursors.last_looks(connection, run.repository.repository_id)
    free = [
        thing
        for thing in _CATALOGUE
        if thing.reading is not Reading.CONNECTION and not thing.moves_alone
    ]
    return sorted(free, key=lambda thing: str(looks.get(thing.name, "")))[:1]
