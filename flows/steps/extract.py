"""Everything that is read from GitHub and git in one job, in the order that costs least."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from flows.steps import account, commits, discover, identities, mend, pull_requests, reading, sweep
from flows.steps.account import Account
from flows.steps.lanes import together
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


_WATCHED = (ISSUES, ISSUE_COMMENTS, REVIEW_COMMENTS)
_LANES = 2
"""So many of the short lists are read at once: GitHub asks whoever is in a hurry to slow down."""
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


def extract(run: Run, call: Call) -> Extraction:
    """An unchanged repository costs six conditional requests at most: the object, the three lists
    that move, workflow runs, and one page of one short list in turn. Its ledger stays as it was.
    """
    done = Extraction()

    def keep(name: str, read: Callable[[], StepResult]) -> StepResult:
        with _keeping(run, name):
            done.results[name] = read()
        return done.results[name]

    def step(name: str, read: Callable[[], StepResult]) -> StepResult:
        return call(name, partial(keep, name, read))

    was_settled = _was_settled(run)
    marks = _marks(run)
    _forget_if_asked(run)
    if not run.repository.has_api:
        step("repositories", partial(discover.discover_local, run))
        step("commits", partial(commits.read_commits, run))
    else:
        step("repositories", partial(discover.discover, run))
        together(
            [partial(step, thing.name, partial(reading.read, run, thing)) for thing in _WATCHED]
            + [partial(step, "commits", partial(commits.read_commits, run))]
        )
    is_calm = was_settled and not done.has_news and not run.job.is_full and not marks
    if run.repository.has_api:
        if is_calm and not (run.client.has_token and sweep.is_due(run)):
            for thing in (*_ALONE, *_in_turn(run)):
                step(thing.name, partial(reading.read, run, thing, is_quiet=True))
            if not done.has_news:
                _close_answers(run)
                return done
        _read_the_rest(run, call, keep, marks)
    elif is_calm:
        return done
    told = account.upstream(run)
    if run.repository.has_api:
        step("mend", partial(mend.mend, run, told.counts, done.results))
    with _keeping(run, "totals"):
        done.account = account.account(run, done.results, told)
    _close_answers(run)
    with run.warehouse.begin() as connection:
        run.hold(connection)
        dirty.clear(connection, marks)
    return done


def _marks(run: Run) -> list[Mark]:
    """What webhooks have told of before this reading began."""
    with run.warehouse.begin() as connection:
        due = dirty.due(connection, run.repository.repository_id)
    return [one for one in due if one.thing != dirty.FIGURES]


def _read_the_rest(
    run: Run, call: Call, keep: Callable[[str, Callable[[], StepResult]], StepResult],
    marks: Sequence[Mark],
) -> None:  # fmt: skip
    """What was marked is read by its list, which has all of it, and pull requests by number too:
    what is inside them may change without a word from the list.
    """
    marked = [int(one.key) for one in marks if one.thing == PULL_REQUESTS.name and one.key]

    def catalogue() -> list[StepResult]:
        """One step for the orchestrator: a task of its own costs as much as reading such a list."""
        lists = [partial(keep, one.name, partial(reading.read, run, one)) for one in _CATALOGUE]
        return together(lists, lanes=_LANES)

    def step(name: str, read: Callable[[], StepResult]) -> StepResult:
        return call(name, partial(keep, name, read))

    hydrate = partial(pull_requests.hydrate, run, numbers=marked)
    beside: list[Callable[[], object]] = [
        partial(call, "catalogue", catalogue), partial(step, "pull_requests", hydrate)
    ]  # fmt: skip
    together(beside)
    step("workflow_jobs", partial(reading.read, run, WORKFLOW_JOBS))
    step("identities", partial(identities.identify, run))
    step("sweep", partial(sweep.sweep, run))


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
