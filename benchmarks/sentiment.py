"""How well the tone of comments is told, beside VADER and plain TF-IDF over the same texts."""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from benchmarks import measure as program
from benchmarks.figures import ROOT, Baseline, Figure, Target
from benchmarks.gold import (
    Gold,
    calibration_error,
    calibration_interval,
    f1_interval,
    gold,
    interval,
    lexicon,
    macro_f1,
    vader_labels,
)
from models.sentiment import Floats, Integers, probabilities, score
from models.sentiment_training import FOLDS, Labelled, fit, folds, out_of_fold
from models.sentiment_weights import shipped

NAME = "sentiment"
_ISSUE = 6
_RUNS = 5
_SURE = 0.9


def measure() -> Iterator[Figure]:
    """The weights that are shipped have seen no text of the test halves."""
    github, senti4sd = gold("github"), gold("senti4sd")
    yield from _halves(github, senti4sd)
    yield from _elsewhere(github, senti4sd)
    yield from _confidence(github)
    yield from _cost(github)


def _halves(github: Gold, senti4sd: Gold) -> Iterator[Figure]:
    both = github.train + senti4sd.train
    plain = fit(both, lexicon(), has_signals=False)
    for name, texts, limit in (("github", github.test, 0.88), ("senti4sd", senti4sd.test, 0.84)):
        said = _best(probabilities(shipped(), texts.texts))
        yield _f1(name, said, texts, limit, _vader(texts))
        other = _best(probabilities(plain, texts.texts))
        yield _f1(f"{name}-against-tf-idf", said, texts, limit, _tf_idf(other, texts))


def _elsewhere(github: Gold, senti4sd: Gold) -> Iterator[Figure]:
    """What is learnt on GitHub, on all of another platform; and folds of GitHub by itself."""
    ours = fit(github.train, lexicon())
    plain = fit(github.train, lexicon(), has_signals=False)
    said, other = (_best(probabilities(one, senti4sd.whole.texts)) for one in (ours, plain))
    yield _f1("github-to-senti4sd", said, senti4sd.whole, 0.80, _tf_idf(other, senti4sd.whole))
    whole = github.whole
    said, fold = _best(out_of_fold(whole, lexicon())), folds(whole.texts)
    by_fold = [macro_f1(said[fold == one], whole.labels[fold == one]) for one in range(FOLDS)]
    yield Figure(
        f"{NAME}-folds", NAME, _ISSUE, f"macro-F1, median of {FOLDS} folds by normalised text",
        by_fold, Target("value", ">=", 0.88), is_cost=False, baseline=_vader(whole),
        interval=f1_interval(said, whole.labels),
    )  # fmt: skip


def _confidence(github: Gold) -> Iterator[Figure]:
    shares, labels = probabilities(shipped(), github.test.texts), github.test.labels
    is_sure = shares.max(axis=1) >= _SURE
    is_right = (_best(shares) == labels)[is_sure].astype(float)
    yield Figure(
        f"{NAME}-sure", NAME, _ISSUE,
        f"of the {100 * is_sure.mean():.0f} % of GitHub's texts with p >= {_SURE} right",
        [is_right.mean()], Target("value", ">=", 0.97), is_cost=False,
        interval=interval(is_right),
    )  # fmt: skip
    yield Figure(
        f"{NAME}-calibration-error", NAME, _ISSUE, "expected calibration error, ten bins",
        [calibration_error(shares, labels)], Target("value", "<=", 0.05), is_cost=True,
        interval=calibration_interval(shares, labels),
    )  # fmt: skip


def _cost(github: Gold) -> Iterator[Figure]:
    """Of Markdown as it was written, cleaning included; VADER gets the same texts."""
    analyzer = SentimentIntensityAnalyzer()
    ours: list[float] = []
    theirs: list[float] = []
    shipped()
    for _ in range(_RUNS):
        ours.append(_a_second(github, lambda: score(shipped(), github.written)))
        theirs.append(
            _a_second(github, lambda: [analyzer.polarity_scores(one) for one in github.written])
        )
    yield Figure(
        f"{NAME}-speed", NAME, _ISSUE, "texts a CPU second", ours, Target("value", ">=", 3_000),
        is_cost=False,
        baseline=Baseline("VADER", version("vadersentiment"), statistics.median(theirs)),
    )  # fmt: skip
    command = [sys.executable, "-m", "benchmarks.sentiment"]
    memory = [program.run(command, directory=ROOT).last_line["peak_mib"] for _ in range(3)]
    yield Figure(
        f"{NAME}-memory", NAME, _ISSUE, "MiB of a process that has scored 10,000 texts", memory,
        Target("value", "<=", 600), is_cost=True,
    )  # fmt: skip


def _f1(name: str, said: Integers, texts: Labelled, limit: float, baseline: Baseline) -> Figure:
    return Figure(
        f"{NAME}-{name}", NAME, _ISSUE, f"macro-F1 of {len(texts.texts):,} texts",
        [macro_f1(said, texts.labels)], Target("value", ">=", limit), is_cost=False,
        baseline=baseline, interval=f1_interval(said, texts.labels),
    )  # fmt: skip


def _vader(texts: Labelled) -> Baseline:
    found = macro_f1(vader_labels(texts.texts), texts.labels)
    return Baseline("VADER", version("vadersentiment"), found)


def _tf_idf(said: Integers, texts: Labelled) -> Baseline:
    return Baseline("TF-IDF", "without signals", macro_f1(said, texts.labels))


def _best(shares: Floats) -> Integers:
    best: Integers = shares.argmax(axis=1)
    return best


def _a_second(texts: Gold, work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return len(texts.written) / (time.process_time() - started)


if __name__ == "__main__":
    score(shipped(), [f"Thanks, number {one} works great" for one in np.arange(10_000)])
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"peak_mib": round(peak_kib / 1024, 1)}))
