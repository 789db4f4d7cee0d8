"""How well what belongs together is found: by words, by what texts mean, and by both.

Questions are issues and pull requests of recorded repositories, answers are earlier ones that
people have called the same, or fixed by them (``benchmarks/related.py``).
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from api.fast.index import Index
from api.fast.searching import Searching, Wanted
from benchmarks import measure as program
from benchmarks.figures import ROOT, Baseline, Figure, Target
from benchmarks.gold import interval
from benchmarks.related import Item, Question, Related, documents, related
from benchmarks.replay import Missing
from gitinsight.cards.catalogue import card
from gitinsight.errors import WeightsMissing
from gitinsight.runtime import weights
from gitinsight.settings import Settings
from models.embeddings import Encoder, Singles
from models.embeddings_weights import NAME as ENCODER
from models.embeddings_weights import encoder
from models.meaning import fused, readable

NAME = "search"
_ISSUE = 6
_FIRST = 10
_LOOKED_AT = 100
_QUERY_LETTERS = 200
_SPEED_TEXTS = 300

Ranking = list[int]
"""Numbers of earlier items, the best first."""


@dataclass(frozen=True, slots=True)
class Scores:
    """One for each question: the share of its answers among the first ten, and one over the place
    of the first one that is an answer.
    """

    recall: tuple[float, ...]
    reciprocal: tuple[float, ...]


def measure() -> Iterator[Figure]:
    found = related()
    vectors = _vectors(found)
    rankings = _rankings(found, vectors)
    scores = {name: scored(found.questions, these) for name, these in rankings.items()}
    count = len(found.questions)
    for name, against, limit in (
        ("meaning", "words", 1.2), ("hybrid", "words", 1.2), ("hybrid", "bm25", 1.0),
    ):  # fmt: skip
        ending = f"{name}-against-{against}"
        for metric, unit in (("recall", "recall at 10"), ("reciprocal", "mean reciprocal rank")):
            values = getattr(scores[name], metric)
            other = float(np.mean(getattr(scores[against], metric)))
            yield Figure(
                f"{NAME}-{'mrr' if metric == 'reciprocal' else metric}-{ending}", NAME, _ISSUE,
                f"{unit}, {count} questions", [float(np.mean(values))],
                Target("ratio", ">=", limit), is_cost=False, interval=interval(np.array(values)),
                baseline=Baseline(_TITLES[against], "same questions", other),
            )  # fmt: skip
    yield _duplicates(found, scores)
    yield Figure(
        f"{NAME}-speed", NAME, _ISSUE, "issues and pull requests a CPU second", [_speed(found)],
        Target("value", ">=", 20), is_cost=False,
    )  # fmt: skip
    command = [sys.executable, "-m", "benchmarks.search"]
    memory = [program.run(command, directory=ROOT).last_line["peak_mib"]]
    yield Figure(
        f"{NAME}-memory", NAME, _ISSUE, "MiB of a process that has read 500 texts", memory,
        Target("value", "<=", 600), is_cost=True,
    )  # fmt: skip


_TITLES = {"words": "full text of the product", "bm25": "BM25 of any of the words"}


def scored(questions: Sequence[Question], rankings: Sequence[Ranking]) -> Scores:
    recall, reciprocal = [], []
    for question, ranking in zip(questions, rankings, strict=True):
        hits = question.answers & set(ranking[:_FIRST])
        recall.append(len(hits) / len(question.answers))
        place = next((at for at, one in enumerate(ranking, 1) if one in question.answers), None)
        reciprocal.append(1 / place if place else 0.0)
    return Scores(tuple(recall), tuple(reciprocal))


def nearest(vector: Singles, items: Sequence[Item], vectors: Singles, *, before: int) -> Ranking:
    order = np.argsort(-(vectors @ vector), kind="stable")
    numbers = [items[place].number for place in order.tolist()]
    return [one for one in numbers if one < before][:_LOOKED_AT]


def _rankings(found: Related, vectors: Mapping[str, Singles]) -> dict[str, list[Ranking]]:
    told: dict[str, list[Ranking]] = {"words": [], "bm25": [], "meaning": [], "hybrid": []}
    with tempfile.TemporaryDirectory() as name:
        index = Index(Path(name))
        ids = {repository: number for number, repository in enumerate(found.items, 1)}
        with index.keeper() as keeper:
            if keeper is None:
                raise Missing("somebody else writes the index")
            for repository, items in found.items.items():
                keeper.replace({ids[repository]: "1"}, documents(ids[repository], items))
        index.refresh()
        searching = Searching(index)
        for place, one in enumerate(found.questions):
            repository_id, before = ids[one.repository], one.number
            limit = len(found.items[one.repository])
            wanted = Wanted(one.title[:_QUERY_LETTERS], repository_id=repository_id, limit=limit)
            words = _earlier(searching.find(wanted), before)
            text = readable(one.title, one.body)
            any_words = _earlier(searching.alike(replace(wanted, q=text)), before)
            near = nearest(
                vectors["questions"][place], found.items[one.repository],
                vectors[one.repository], before=before,
            )  # fmt: skip
            told["words"].append(words)
            told["bm25"].append(any_words)
            told["meaning"].append(near)
            told["hybrid"].append(fused(near, any_words))
    return told


def _earlier(answer: bytes, before: int) -> Ranking:
    numbers = (hit["number"] for hit in json.loads(answer)["data"])
    return [one for one in numbers if one < before][:_LOOKED_AT]


def _duplicates(found: Related, scores: Mapping[str, Scores]) -> Figure:
    those = [place for place, one in enumerate(found.questions) if one.is_duplicate]
    values = np.array([scores["meaning"].recall[place] for place in those])
    words = float(np.mean([scores["words"].recall[place] for place in those]))
    return Figure(
        f"{NAME}-duplicates", NAME, _ISSUE, f"recall at 10, {len(those)} duplicates alone",
        [float(values.mean())], Target("ratio", ">=", 1), is_cost=False, interval=interval(values),
        baseline=Baseline(_TITLES["words"], "same questions", words),
    )  # fmt: skip


def _vectors(found: Related) -> dict[str, Singles]:
    """By repository, and those of the questions; kept beside the state, for it takes minutes."""
    groups = {
        name: [readable(one.title, one.body) for one in items]
        for name, items in found.items.items()
    }
    groups["questions"] = [readable(one.title, one.body) for one in found.questions]
    told = json.dumps([card(ENCODER).definition, groups]).encode()
    kept = Settings().state_dir / "bench" / f"search-{sha256(told).hexdigest()[:16]}.npz"
    if not kept.is_file():
        reader = _encoder()
        read = {name: reader.encode(texts) for name, texts in groups.items()}
        kept.parent.mkdir(parents=True, exist_ok=True)
        with kept.open("wb") as file:
            np.savez(file, allow_pickle=False, **read)
    with np.load(kept, allow_pickle=False) as held:
        return {name: held[name] for name in groups}


def _encoder() -> Encoder:
    state_dir = Settings().state_dir
    try:
        weights.fetch(state_dir)
        return encoder(state_dir)
    except WeightsMissing as missing:
        raise Missing(str(missing)) from missing


def _speed(found: Related) -> float:
    every = [readable(one.title, one.body) for items in found.items.values() for one in items]
    texts = every[:: len(every) // _SPEED_TEXTS]
    reader = _encoder()
    started = time.process_time()
    reader.encode(texts)
    return len(texts) / (time.process_time() - started)


if __name__ == "__main__":
    _encoder().encode([f"The window number {one} does not open. " * 20 for one in range(500)])
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"peak_mib": round(peak_kib / 1024, 1)}))
