"""Judges the tone of texts that are new or were changed, before dbt adds the tones up."""

from flows.steps.run import Run
from models.sentiment import Weights, score
from warehouse import tones, trained

_PAGE = 2_000


def read_tones(run: Run, *, limit: int = _PAGE) -> int:
    """How many texts were judged. Page by page, each its own transaction: a tone is that of a
    text, whatever becomes of the job.
    """
    with run.warehouse.begin() as connection:
        weights, model = trained.tone(connection)
    return sum(_read(run, source, weights, model, limit=limit) for source in tones.SOURCES)


def _read(run: Run, source: str, weights: Weights, model: str, *, limit: int) -> int:
    repository_id, after, judged = run.repository.repository_id, 0, 0
    while True:
        with run.warehouse.begin() as connection:
            found = tones.page(
                connection, repository_id, source, model=model, after=after, limit=limit
            )
            new = {
                one.digest: one.text
                for one in found
                if one.digest is not None and one.text is not None
            }
            if new:
                said = zip(new, score(weights, list(new.values())), strict=True)
                tones.store(connection, repository_id, list(said), model=model, at=run.clock())
                run.hold(connection)
        judged += len(new)
        if len(found) < limit:
            return judged
        after = found[-1].id
        run.announce("transform", resource="text_tone", done=judged)
