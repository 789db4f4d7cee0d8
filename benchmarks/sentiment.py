"""How well the tone of comments is told, beside VADER and plain TF-IDF over the same texts."""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from benchmarks import measure as program
from benchmarks.figures import ROOT, Baseline, Figure, Target
from benchmarks.gold import (
    Gold,
    calibration_error,
    calibration_interval,
    gold,
    interval,
    lexicon,
    macro_f1,
    vader_labels,
)
from gitinsight.errors import WeightsMissing
from gitinsight.runtime import weights
from gitinsight.settings import Settings
from models import sentiment, sentiment_cascade, sentiment_cascade_weights, sentiment_weights
from models.judges import Mode, judge
from models.sentiment import Floats, Integers, probabilities
from models.sentiment_training import FOLDS, Labelled, fit, folds, out_of_fold

NAME = "sentiment"
_ISSUE = 6
_RUNS: Mapping[Mode, int] = {"fast": 5, "cascade": 3}
_SCORED: Mapping[Mode, int] = {"fast": 10_000, "cascade": 2_000}
_SURE = 0.9


@dataclass(frozen=True, slots=True)
class Model:
    """What is measured of one that is shipped; it has seen no text of the test halves.
    ``probabilities`` are of plain texts; its figures are called ``name`` and must reach ``limits``.
    """

    mode: Mode
    name: str
    probabilities: Callable[[Sequence[str]], Floats]
    score: Callable[[Sequence[str]], object]
    limits: Mapping[str, float]


def measure() -> Iterator[Figure]:
    github, senti4sd = gold("github"), gold("senti4sd")
    plain = fit(github.train + senti4sd.train, lexicon(), is_plain=True)
    for model in _models():
        shares = model.probabilities(github.test.texts)
        yield from _half(model, "github", github.test, shares, plain)
        yield from _confidence(model, github.test, shares)
        shares = model.probabilities(senti4sd.test.texts)
        yield from _half(model, "senti4sd", senti4sd.test, shares, plain)
        yield from _cost(model, github)
    yield from _elsewhere(github, senti4sd)


def _models() -> Iterator[Model]:
    """The cascade where its weights can be had."""
    fast = sentiment_weights.shipped()
    yield Model(
        "fast", NAME, partial(sentiment.probabilities, fast), partial(sentiment.score, fast),
        {"github": 0.88, "senti4sd": 0.84, "speed": 3_000},
    )  # fmt: skip
    state_dir = Settings().state_dir
    try:
        weights.fetch(state_dir)
        cascade = sentiment_cascade_weights.shipped(state_dir)
    except WeightsMissing as missing:
        print(f"the cascade is skipped: {missing}", flush=True)
        return
    yield Model(
        "cascade", f"{NAME}-cascade", partial(sentiment_cascade.probabilities, cascade),
        partial(sentiment_cascade.score, cascade), {"github": 0.92, "senti4sd": 0.84, "speed": 200},
    )  # fmt: skip


def _half(
    model: Model, name: str, texts: Labelled, shares: Floats, plain: sentiment.Weights
) -> Iterator[Figure]:
    said, limit = _best(shares), model.limits[name]
    yield _f1(f"{model.name}-{name}", said, texts, limit, _vader(texts))
    other = _tf_idf(_best(probabilities(plain, texts.texts)), texts)
    yield _f1(f"{model.name}-{name}-against-tf-idf", said, texts, limit, other)


def _elsewhere(github: Gold, senti4sd: Gold) -> Iterator[Figure]:
    """What is learnt on GitHub, on all of another platform; and folds of GitHub by itself."""
    ours = fit(github.train, lexicon())
    plain = fit(github.train, lexicon(), is_plain=True)
    whole = senti4sd.whole
    said, other = (_best(probabilities(one, whole.texts)) for one in (ours, plain))
    yield _f1(f"{NAME}-github-to-senti4sd", said, whole, 0.80, _tf_idf(other, whole))
    whole = github.whole
    said, fold = _best(out_of_fold(whole, lexicon())), folds(whole.texts)
    by_fold = [macro_f1(said[fold == one], whole.labels[fold == one]).value for one in range(FOLDS)]
    score = macro_f1(said, whole.labels)
    yield Figure(
        f"{NAME}-folds", NAME, _ISSUE, f"macro-F1, median of {FOLDS} folds by normalised text",
        by_fold, Target("value", ">=", 0.88), is_cost=False, baseline=_vader(whole),
        interval=(score.low, score.high),
    )  # fmt: skip


def _confidence(model: Model, texts: Labelled, shares: Floats) -> Iterator[Figure]:
    labels = texts.labels
    is_sure = shares.max(axis=1) >= _SURE
    is_right = (_best(shares) == labels)[is_sure].astype(float)
    yield Figure(
        f"{model.name}-sure", NAME, _ISSUE,
        f"of the {100 * is_sure.mean():.0f} % of GitHub's texts with p >= {_SURE} right",
        [is_right.mean()], Target("value", ">=", 0.97), is_cost=False,
        interval=interval(is_right),
    )  # fmt: skip
    yield Figure(
        f"{model.name}-calibration-error", NAME, _ISSUE, "expected calibration error, ten bins",
        [calibration_error(shares, labels)], Target("value", "<=", 0.05), is_cost=True,
        interval=calibration_interval(shares, labels),
    )  # fmt: skip


def _cost(model: Model, github: Gold) -> Iterator[Figure]:
    """Of Markdown as it was written, cleaning included; VADER gets the same texts. The cascade
    gets those that the fast model has not seen: of the others it would be sure too often.
    """
    analyzer = SentimentIntensityAnalyzer()
    texts = github.written if model.mode == "fast" else github.unseen
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(_RUNS[model.mode]):
        ours.append(_a_second(texts, lambda: model.score(texts)))
        theirs.append(_a_second(texts, lambda: [analyzer.polarity_scores(one) for one in texts]))
    yield Figure(
        f"{model.name}-speed", NAME, _ISSUE, "texts a CPU second", ours,
        Target("value", ">=", model.limits["speed"]), is_cost=False,
        baseline=Baseline("VADER", version("vadersentiment"), statistics.median(theirs)),
    )  # fmt: skip
    command = [sys.executable, "-m", "benchmarks.sentiment", model.mode]
    memory = [program.run(command, directory=ROOT).last_line["peak_mib"] for _ in range(3)]
    yield Figure(
        f"{model.name}-memory", NAME, _ISSUE,
        f"MiB of a process that has scored {_SCORED[model.mode]:,} texts", memory,
        Target("value", "<=", 600), is_cost=True,
    )  # fmt: skip


def _f1(name: str, said: Integers, texts: Labelled, limit: float, baseline: Baseline) -> Figure:
    score = macro_f1(said, texts.labels)
    return Figure(
        name, NAME, _ISSUE, f"macro-F1 of {len(texts.texts):,} texts", [score.value],
        Target("value", ">=", limit), is_cost=False, baseline=baseline,
        interval=(score.low, score.high),
    )  # fmt: skip


def _vader(texts: Labelled) -> Baseline:
    found = macro_f1(vader_labels(texts.texts), texts.labels).value
    return Baseline("VADER", version("vadersentiment"), found)


def _tf_idf(said: Integers, texts: Labelled) -> Baseline:
    return Baseline("TF-IDF", "by itself", macro_f1(said, texts.labels).value)


def _best(shares: Floats) -> Integers:
    best: Integers = shares.argmax(axis=1)
    return best


def _a_second(texts: Sequence[str], work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return len(texts) / (time.process_time() - started)


if __name__ == "__main__":
    mode: Mode = "cascade" if sys.argv[1:] == ["cascade"] else "fast"
    # Few words, so that the cascade reads most of them twice.
    judge(mode, Settings().state_dir).score(
        [f"Thanks, number {one} works, but why?" for one in range(_SCORED[mode])]
    )
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"peak_mib": round(peak_kib / 1024, 1)}))
