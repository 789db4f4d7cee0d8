"""What is near in meaning: the encoder of this process, which is loaded when it is first asked."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from api.envelope import plain
from api.errors import Refused
from api.fast.searches import Searches
from api.fast.searching import Wanted
from gitinsight.cards.catalogue import card
from gitinsight.errors import WeightsMissing
from gitinsight.runtime import weights
from models.meaning import fused
from warehouse import search, vectors
from warehouse.engine import Connection
from warehouse.search import Document
from warehouse.vectors import Among, Kind, Vector
from warehouse.visibility import Readable

Mode = Literal["words", "meaning", "hybrid"]
Key: TypeAlias = tuple[int, int]
"""The repository, and the number of the issue or pull request in it."""
NAME = "embeddings"
TEXT_CHARACTERS = 600
CANDIDATES = 100
"""Of each ranking, before they are made one."""
_KINDS: tuple[Kind, ...] = ("issue", "pull_request")


class Meaning:
    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        # The encoder keeps every core busy by itself, and each text it reads takes memory.
        self._turns = CapacityLimiter(1)

    def is_here(self) -> bool:
        """Whether it can be told, as far as anybody knows without loading the encoder."""
        try:
            weights.held(self._state_dir)
        except WeightsMissing:
            return False
        return True

    async def vector(self, text: str) -> Vector:
        """WeightsMissing where it cannot be told."""
        return await run_sync(self._encoded, text, limiter=self._turns)

    def _encoded(self, text: str) -> Vector:
        # Whoever never asks loads neither NumPy nor weights.
        from models.embeddings_weights import encoder  # noqa: PLC0415

        found: Vector = encoder(self._state_dir).encode([text])[0].tolist()
        return found


def model() -> str:
    return card(NAME).definition


def among(wanted: Wanted, readable: Readable) -> Among:
    """Refused where what is asked for has no meaning, as an encoder understands it."""
    if wanted.language is not None or wanted.kind not in {None, *_KINDS}:
        raise Refused(
            422, kind="not-by-meaning",
            detail="by meaning issues and pull requests are found, and nothing else",
        )  # fmt: skip
    return Among(
        readable=readable, repository_id=wanted.repository_id, kind=_kind(wanted.kind),
        state=wanted.state, author=wanted.author, label=wanted.label, since=wanted.since,
        until=wanted.until,
    )  # fmt: skip


def near(
    connection: Connection, vector: Vector, where: Among, *, limit: int
) -> list[dict[str, Any]]:
    """As searches show what they find, the nearest first."""
    found = vectors.nearest(connection, vector, where, model=model(), limit=limit)
    documents = {
        (one.repository_id, one.number): one
        for one in search.issues(
            connection, [one.repository_id for one in found], [one.id for one in found]
        )
    }
    return [
        _shown(documents[key], round(one.similarity, 4))
        for one in found
        if (key := (one.repository_id, one.number)) in documents
    ]


def coverage(connection: Connection, where: Among) -> dict[str, Any]:
    known = vectors.coverage(connection, where, model=model())
    return {
        "model": model(), "texts_count": known.texts_count, "known_count": known.known_count,
    }  # fmt: skip


async def by_words(
    searches: Searches, wanted: Wanted, readable: frozenset[int] | None
) -> list[dict[str, Any]]:
    """Issues and pull requests that share any of the words, those with rare ones first."""
    limit = CANDIDATES if wanted.kind else CANDIDATES * len(_KINDS)
    body = await searches.alike(replace(wanted, limit=limit), readable=readable)
    return [one for one in json.loads(body)["data"] if one["kind"] in _KINDS][:CANDIDATES]


def together(rankings: Sequence[Sequence[dict[str, Any]]], *, limit: int) -> list[dict[str, Any]]:
    """One ranking of several; each is shown with what all of them know of it."""
    hits: dict[Key, dict[str, Any]] = {}
    for ranking in rankings:
        for one in ranking:
            known = hits.setdefault(_key(one), {})
            hits[_key(one)] = known | {name: value for name, value in one.items() if value}
    order = fused(*([_key(one) for one in ranking] for ranking in rankings))
    return [hits[key] for key in order[:limit]]


def _key(hit: dict[str, Any]) -> Key:
    return hit["repository_id"], hit["number"]


def _kind(text: str | None) -> Kind | None:
    return next((one for one in _KINDS if one == text), None)


def _shown(document: Document, similarity: float) -> dict[str, Any]:
    told: dict[str, Any] = plain(
        {
            "kind": document.kind, "repository_id": document.repository_id,
            "title": document.title, "owner": document.owner, "labels": document.labels,
            "number": document.number, "language": None, "state": document.state,
            "url": document.url, "updated_at": document.updated_at,
            "text": document.text and document.text[:TEXT_CHARACTERS], "highlights": {},
            "similarity": similarity,
        }
    )  # fmt: skip
    return told
