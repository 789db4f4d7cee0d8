"""Runs benchmarks by name, all of them without one, and writes their figures down."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks import (
    actors,
    api_cost,
    archive_hour,
    code,
    commit_statistics,
    fast,
    figures,
    fleet,
    forecasts,
    many_records,
    marts,
    orchestration,
    page_transactions,
    quiet_poll,
    reads,
    records_per_second,
    scale,
    search,
    sentiment,
    sockets,
    thousand,
)
from benchmarks.figures import Figure
from benchmarks.replay import Missing

BENCHMARKS: Mapping[str, Callable[[], Iterator[Figure]]] = {
    one.NAME: one.measure
    for one in (
        api_cost, quiet_poll, page_transactions, commit_statistics, records_per_second,
        many_records, archive_hour, marts, fast, sockets, reads, forecasts, sentiment, actors,
        code, search, fleet, thousand,
    )
} | {
    orchestration.NAME: orchestration.measure_overhead,
    "cancel": orchestration.measure_cancel,
}  # fmt: skip

EVALUATIONS = (forecasts.NAME, sentiment.NAME, actors.NAME, code.NAME, search.NAME)
"""Those that say how right a model is."""


def main(names: Sequence[str]) -> int:
    """0 where everything ran that can run here, whether or not its target was met."""
    if list(names) == ["evaluate"]:
        names = EVALUATIONS
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        return 1
    for name in names or BENCHMARKS:
        try:
            for figure in BENCHMARKS[name]():
                print(figures.line(figures.save(figure)), flush=True)
        except Missing as missing:
            print(f"{name} is skipped: {missing}", flush=True)
    figures.rewrite_tables()
    if (figures.RESULTS / f"{fleet.NAME}-held.json").is_file():
        scale.rewrite()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
