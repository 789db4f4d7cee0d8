"""Judges the tone of texts that are new or were changed, before dbt adds the tones up."""

from flows.steps.texts import TextReader
from gitinsight import logs
from gitinsight.errors import WeightsMissing
from models.judges import Judge, judge
from warehouse import tones, trained

_LOG = logs.get(__name__)
_PAGE = 2_000


def read_tones(run: TextReader, *, limit: int = _PAGE) -> int:
    """How many texts were judged. Page by page, each its own transaction: a tone is that of a
    text, whatever becomes of the job.
    """
    wanted = _judge(run)
    return sum(_read(run, source, wanted, limit) for source in tones.SOURCES)


def _judge(run: TextReader) -> Judge:
    """As the settings want it; the fast one where what the other needs is not here."""
    with run.warehouse.begin() as connection:
        fast = trained.tone(connection)
    try:
        return judge(run.sentiment.mode, run.state_dir, fast=fast)
    except WeightsMissing as missing:
        _LOG.warning("tones_by_the_fast_model", reason=str(missing))
        return judge("fast", run.state_dir, fast=fast)


def _read(run: TextReader, source: str, wanted: Judge, limit: int) -> int:
    repository_id, after, judged = run.repository.repository_id, 0, 0
    while True:
        with run.warehouse.begin() as connection:
            found = tones.page(
                connection, repository_id, source, model=wanted.definition, after=after, limit=limit
            )
            new = {
                one.digest: one.text
                for one in found
                if one.digest is not None and one.text is not None
            }
            if new:
                said = zip(new, wanted.score(list(new.values())), strict=True)
                tones.store(
                    connection, repository_id, list(said), model=wanted.definition, at=run.clock()
                )
                run.hold(connection)
        judged += len(new)
        if len(found) < limit:
            return judged
        after = found[-1].id
        run.announce("transform", resource="text_tone", done=judged)
