"""From a thing's declaration to the function that reads it."""

from collections.abc import Callable, Mapping, Sequence

from flows.steps import connections, lists, windows
from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible
from gitinsight.things.thing import Reading, Thing

_CLOSED = {403, 404, 409, 410}
"""Empty repository, a feature that is switched off, or a token that may not see it: the ledger says
so, and the rest of the repository is read all the same."""
_NOT_OFFERED = 404
_READERS: Mapping[Reading, Callable[[Run, Thing], StepResult]] = {
    Reading.OBJECT: lists.single,
    Reading.SINCE: lists.since,
    Reading.WHOLE: lists.whole,
    Reading.NEWEST: lists.newest,
    Reading.WINDOWED: windows.windowed,
    Reading.PER_PARENT: windows.per_parent,
    Reading.CONNECTION: connections.read,
}


def read(
    run: Run, thing: Thing, *, is_quiet: bool = False,
    told: Callable[[Sequence[int]], None] | None = None,
) -> StepResult:  # fmt: skip
    """``is_quiet``: nothing else of the repository has changed, so a sample is enough. The numbers
    that a list since a moment shows are ``told`` as it goes on.
    """
    try:
        if told is not None:
            return lists.since(run, thing, told=told)
        if is_quiet and thing.reading is Reading.WHOLE:
            return lists.whole(run, thing, is_quiet=True)
        return _READERS[thing.reading](run, thing)
    except NotVisible as error:
        if thing.is_optional and error.status == _NOT_OFFERED:
            return StepResult(thing.name, is_offered=False)
        if error.status in _CLOSED:
            return StepResult(thing.name, unavailable=error.why)
        raise
