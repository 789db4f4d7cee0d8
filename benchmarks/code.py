"""How code is measured: as fast as lizard, with its and ruff's own numbers, worse code lower than
better, and what stands twice found. The corpus is this repository.
"""

import ast
import json
import math
import random
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import httpx2
import lizard

from benchmarks import measure as program
from benchmarks import worker
from benchmarks.fast import serving_ours
from benchmarks.figures import ROOT, Baseline, Figure, Target
from gitinsight.code import linting
from gitinsight.code.facts import Source
from gitinsight.code.linting import PASSED_OVER, RULES
from models.code_clones import duplication, lines_of
from models.code_health import SMALLEST_NLOC, health
from models.code_measures import measure as measured
from warehouse.engine import make_engine
from warehouse.migrate import migrate

NAME = "code"
_FIGURE = "code-health"
"""What the figures begin with: they stand on the page of that model."""
_ISSUE = 6
_RUNS = 5
_SEEDS = 200
_REQUESTS = 60
_LINES = 1_000


def measure() -> Iterator[Figure]:
    files = sources()
    yield from _speed(files)
    yield from _agreement(files)
    yield _ranking(files)
    yield from _clones(files)
    yield _endpoint(files)
    command = [sys.executable, "-m", "benchmarks.code"]
    memory = [program.run(command, directory=ROOT).last_line["peak_mib"] for _ in range(3)]
    yield Figure(
        f"{_FIGURE}-memory", NAME, _ISSUE, "MiB of a process that has measured all of it", memory,
        Target("value", "<=", 600), is_cost=True,
    )  # fmt: skip


def wilson(share: float, count: int) -> tuple[float, float]:
    """95 % of a share of so many; a bootstrap knows nothing of what has never happened."""
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    reach /= 1 + z * z / count
    return min(middle - reach, share), max(middle + reach, share)


def sources() -> list[Source]:
    """Every file of Python that is committed here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.py"],  # noqa: S607 - git by its name
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    names = [one for one in listed.split("\0") if one]
    return [Source(one, (ROOT / one).read_text("utf-8")) for one in names]


def _speed(files: Sequence[Source]) -> Iterator[Figure]:
    """Lizard with its own measure of nesting stands beside it."""
    lines = sum(one.text.count("\n") for one in files)
    theirs = lizard.FileAnalyzer(lizard.get_extensions(["nd"]))
    ours, others = [], []
    for _ in range(_RUNS):
        started = time.process_time()
        for one in files:
            measured(one)
        ours.append(lines / (time.process_time() - started))
        started = time.process_time()
        for one in files:
            theirs.analyze_source_code(one.name, one.text)
        others.append(lines / (time.process_time() - started))
    yield Figure(
        f"{_FIGURE}-speed", NAME, _ISSUE, f"lines a CPU second, of {lines:,}", ours,
        Target("value", ">=", 20_000), is_cost=False,
        baseline=Baseline("lizard -END", version("lizard"), statistics.median(others)),
    )  # fmt: skip


def _agreement(files: Sequence[Source]) -> Iterator[Figure]:
    same: list[bool] = []
    for one in files:
        theirs = lizard.analyze_file.analyze_source_code(one.name, one.text)
        found = measured(one)
        same.append((found.nloc, found.ccn) == (theirs.nloc, theirs.CCN))
        same += [
            (ours.name, ours.nloc, ours.ccn, ours.parameters_count, ours.first_line)
            == (f.name, f.nloc, f.cyclomatic_complexity, f.parameter_count, f.start_line)
            for ours, f in zip(found.functions, theirs.function_list, strict=True)
        ]
    yield Figure(
        f"{_FIGURE}-as-lizard", NAME, _ISSUE,
        f"of {len(same):,} files and functions with lizard's own numbers", [statistics.fmean(same)],
        Target("value", ">=", 1), is_cost=False,
    )  # fmt: skip
    ours, theirs_found = _ours_of_ruff(files), _theirs_of_ruff()
    both = sum((ours & theirs_found).values())
    yield Figure(
        f"{_FIGURE}-as-ruff", NAME, _ISSUE,
        f"of {sum((ours | theirs_found).values()):,} findings are those of ruff itself",
        [both / sum((ours | theirs_found).values())], Target("value", ">=", 1), is_cost=False,
    )  # fmt: skip


def _ours_of_ruff(files: Sequence[Source]) -> Counter[tuple[str, int, str]]:
    said = linting.lint([one.text for one in files], seconds=120)
    return Counter(
        (source.name, one["location"]["row"], one["code"])
        for source, those in zip(files, said, strict=True)
        for one in those
    )


def _theirs_of_ruff() -> Counter[tuple[str, int, str]]:
    """Over the files where they lie, as somebody would ask it."""
    command = [
        str(Path(sys.executable).with_name("ruff")), "check", "--isolated", "--no-cache",
        "--exit-zero", "--quiet", "--target-version=py311", f"--select={','.join(RULES)}",
        f"--ignore={','.join(PASSED_OVER)}", "--output-format=json", "--no-force-exclude",
        *(one.name for one in sources()),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return Counter(
        (str(Path(one["filename"]).relative_to(ROOT)), one["location"]["row"], one["code"])
        for one in json.loads(done.stdout)
    )


def _ranking(files: Sequence[Source]) -> Figure:
    """Each file with functions beside a worse one that does the same: all of its functions as the
    branches of one.
    """
    pairs = []
    for one in files:
        worse = known_bad(one.text)
        if worse is None:
            continue
        good, bad = measured(one), measured(Source(one.name, worse))
        scores = [health(each.functions, each.nloc).score for each in (good, bad)]
        if good.nloc >= SMALLEST_NLOC and None not in scores:
            pairs.append(float(scores[1] < scores[0]))  # type: ignore[operator]
    return Figure(
        f"{_FIGURE}-known-bad", NAME, _ISSUE,
        f"of {len(pairs)} files are above what they are with one function for all",
        [statistics.fmean(pairs)], Target("value", ">=", 0.95), is_cost=False,
        interval=wilson(statistics.fmean(pairs), len(pairs)),
    )  # fmt: skip


def known_bad(text: str) -> str | None:
    """None where there are not three functions to make one of."""
    found = [
        one
        for one in ast.walk(ast.parse(text))
        if isinstance(one, ast.FunctionDef) and not isinstance(one.body[0], ast.FunctionDef)
    ]
    if len(found) < 3:  # noqa: PLR2004 - as told
        return None
    names = sorted({one.arg for each in found for one in each.args.args} - {"self"})
    parts = [f"def everything(what, {', '.join(names)}):"] if names else ["def everything(what):"]
    for number, one in enumerate(found):
        parts.append(f"    {'elif' if number else 'if'} what == {number}:")
        body = "\n".join(ast.unparse(each) for each in one.body)
        parts += [f"        {line}" for line in body.split("\n")]
    return "\n".join(parts) + "\n"


@dataclass(frozen=True, slots=True)
class Seeded:
    """Of the lines that were copied those that were found; of the lines that were found newly those
    that were copied, or are what they were copied from.
    """

    recall: float
    precision: float


def _clones(files: Sequence[Source]) -> Iterator[Figure]:
    chance = random.Random(6)  # noqa: S311 - reproducible, not secret
    long = [one for one in files if 60 < len(list(lines_of(one.text))) < 400]  # noqa: PLR2004
    pairs = [chance.sample(long, 2) for _ in range(_SEEDS)]
    tried = [seeded(one, other, chance) for one, other in pairs]
    for name in ("recall", "precision"):
        values = [getattr(one, name) for one in tried]
        yield Figure(
            f"{_FIGURE}-clones-{name}", NAME, _ISSUE,
            f"{name} by lines, of {_SEEDS} copies of 6 to 30 lines that were set elsewhere",
            [statistics.fmean(values)], Target("value", ">=", 0.98), is_cost=False,
            interval=wilson(statistics.fmean(values), len(values)),
        )  # fmt: skip


def seeded(one: Source, other: Source, chance: random.Random) -> Seeded:
    """A run of lines of one file is set into the other one, further in and with gaps, and so are
    five lines that are too few.
    """
    said = list(lines_of(one.text))
    count = chance.randint(6, 30)
    start = chance.randrange(len(said) - count)
    few = chance.randrange(len(said) - 5)
    lines, others = one.text.splitlines(), other.text.splitlines()
    copy = lines[said[start][0] - 1 : said[start + count - 1][0]]
    five = lines[said[few][0] - 1 : said[few + 4][0]]
    at = chance.randrange(len(others))
    moved = [f"    {line}" + ("\n" if chance.random() < 0.2 else "") for line in copy]  # noqa: PLR2004
    text = "\n".join([*others[:at], "cut = 1", *moved, "cut = 2", *others[at:], "cut = 3", *five])
    made = Source(other.name, text)
    first = at + 2
    last = first + "\n".join(moved).count("\n")
    wanted = {(made.name, line) for line, _ in lines_of(text) if first <= line <= last}
    source = {(one.name, said[place][0]) for place in range(start, start + count)}
    before = _found([one, other])
    shifted = {
        (name, line if name == one.name or line <= at else line + last - first + 3)
        for name, line in before
    }
    found = _found([one, made])
    new = found - shifted
    return Seeded(
        recall=len(found & wanted) / len(wanted),
        precision=len(new & (wanted | source)) / len(new) if new else 1.0,
    )


def _found(files: Sequence[Source]) -> set[tuple[str, int]]:
    """Lines that say something within clones."""
    said = {(one.name, line) for one in files for line, _ in lines_of(one.text)}
    places = chain.from_iterable((one.first, one.second) for one in duplication(files).clones)
    within = {
        (one.name, line) for one in places for line in range(one.first_line, one.last_line + 1)
    }
    return said & within


def _endpoint(files: Sequence[Source]) -> Figure:
    """Over HTTP, one after the other, with other text each time."""
    text = "".join(one.text for one in files if one.name.startswith(("api/", "flows/")))
    every = text.splitlines(keepends=True)
    with worker.place() as place:
        database = place.database("code")
        engine = make_engine(database, process="benchmark")
        migrate(engine)
        engine.dispose()
        with serving_ours(place.directory, database, processes=1) as ours:
            name, _, value = ours.header.strip().partition(": ")
            base = f"http://127.0.0.1:{ours.port}"
            with httpx2.Client(base_url=base, headers={name: value}, timeout=30) as client:
                took = [
                    _seconds(client, "".join(every[at : at + _LINES]))
                    for at in range(0, _REQUESTS * 100, 100)
                ]
    return Figure(
        f"{_FIGURE}-analyze-code-p95", NAME, _ISSUE,
        f"ms, p95 of {_REQUESTS} answers to POST /ai/analyze-code about {_LINES:,} lines",
        [1_000 * statistics.quantiles(took[5:], n=20)[-1]], Target("value", "<=", 300),
        is_cost=True,
    )  # fmt: skip


def _seconds(client: httpx2.Client, code: str) -> float:
    started = time.perf_counter()
    body = {"filename": "a.py", "code": code}
    client.post("/api/v1/ai/analyze-code", json=body).raise_for_status()
    return time.perf_counter() - started


if __name__ == "__main__":
    for each in sources():
        measured(each)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"peak_mib": round(peak_kib / 1024, 1)}))
