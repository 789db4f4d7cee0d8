"""Says of new and changed issues and pull requests what they mean, within the time it is given."""

import time
from dataclasses import asdict
from typing import Any

from flows.steps.texts import TextReader
from gitinsight.cards.catalogue import card
from gitinsight.errors import WeightsMissing
from gitinsight.runtime import weights
from warehouse import vectors
from warehouse.vectors import Among

_PAGE = 64
_NAME = "embeddings"


def read_meanings(run: TextReader) -> dict[str, Any]:
    """How many are known of how many, and why not all; what is left waits for the next analysis.

    Without the weights nothing is read, and the analysis is none the worse: searches by meaning
    are no figures.
    """
    repository_id, model = run.repository.repository_id, card(_NAME).definition
    with run.warehouse.begin() as connection:
        vectors.drop_outdated(connection, repository_id)
        waits = vectors.waiting(connection, repository_id, model=model, limit=1)
    note = _read(run, model) if waits else None
    with run.warehouse.begin() as connection:
        among = Among(readable=None, repository_id=repository_id)
        known = vectors.coverage(connection, among, model=model)
    if note is not None and run.embeddings.fetch:
        run.announce(run.stage, message=note, resource="issue_vectors")
    return asdict(known) | {"note": note}


def _read(run: TextReader, model: str) -> str | None:
    """Page by page, each its own transaction; what is said where something is left."""
    repository_id, ends = run.repository.repository_id, time.monotonic() + run.embeddings.seconds
    try:
        if run.embeddings.fetch:
            weights.fetch(run.state_dir, is_patient=False)
        # Whoever has nothing new, or no weights, does not load NumPy for it.
        from models.embeddings_weights import encoder  # noqa: PLC0415
        from models.meaning import readable  # noqa: PLC0415

        reader = encoder(run.state_dir)
    except WeightsMissing as missing:
        return f"searches find words alone: {missing}"
    done = 0
    while time.monotonic() < ends:
        with run.warehouse.begin() as connection:
            found = vectors.waiting(connection, repository_id, model=model, limit=_PAGE)
        if not found:
            return None
        read = reader.encode([readable(one.title, one.body) for one in found])
        with run.warehouse.begin() as connection:
            vectors.store(
                connection, repository_id, found, read.tolist(), model=model, at=run.clock()
            )
            run.hold(connection)
        done += len(found)
        run.announce(run.stage, resource="issue_vectors", done=done)
    return "more issues and pull requests wait to be read than one analysis has the time for"
