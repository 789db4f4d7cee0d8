"""What is written from the definitions: dbt's descriptions, the page for people, and the lock that
no formula changes under its number.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from gitinsight.metrics.catalogue import EarlierVersion, Metric, Version

_WRITTEN = "written by `make docs` from gitinsight/metrics"
_COMMENT = re.compile(r"--[^\n]*")
_SPACE = re.compile(r"\s+")


def block_name(metric_id: str) -> str:
    """Under which a column's description refers to the words of a metric."""
    return f"metric_{metric_id.replace('-', '_')}"


def doc_blocks(metrics: Iterable[Metric]) -> str:
    """The words of each metric as a block of dbt's, for those that a column holds."""
    blocks = (
        f"{{% docs {block_name(one.id)} %}}{_one_line(one.words)}{{% enddocs %}}\n"
        for one in metrics
        if one.column is not None
    )
    return "\n".join((f"<!-- {_WRITTEN} -->\n", *blocks))


def page(metrics: Iterable[Metric]) -> str:
    """Every metric for people to read."""
    listed = list(metrics)
    lines = [
        f"<!-- {_WRITTEN} -->", "", "# Metrics", "",
        "What each figure means, and how it is made. A formula is SQL over the marts with one row",
        "per repository; `gitinsight query` runs it. Another formula is another version, and",
        "`gitinsight impact METRIC@1 METRIC@2` says which repositories move from one to the other.",
        "Unknown is null and never 0.", "",
        "| metric | version | unit | what it is |", "|---|---|---|---|",
        *(
            f"| [{one.id}](#{one.id}) | {one.version} | {one.unit} | {one.title} |"
            for one in listed
        ),
    ]  # fmt: skip
    for one in listed:
        lines += ["", f"## {one.id}", "", *_told(one)]
    return "\n".join(lines) + "\n"


def fingerprint(version: Version) -> str:
    """The same for formulas that differ by nothing but space and comments."""
    formula = _SPACE.sub(" ", _COMMENT.sub("", version.formula)).strip()
    return sha256(formula.encode()).hexdigest()


def fingerprints(metrics: Iterable[Metric]) -> dict[str, str]:
    """Of every version by its definition, ``bus-factor@1``."""
    return {
        f"{one.id}@{version.version}": fingerprint(version)
        for one in metrics
        for version in one.versions
    }


def read_lock(text: str) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in text.splitlines())


def lock(known: Mapping[str, str], metrics: Iterable[Metric]) -> str:
    """The lock with what is new; ValueError says what has changed under its number or is gone."""
    now = fingerprints(metrics)
    changed = [one for one in known if now.get(one) != known[one]]
    if changed:
        raise ValueError(
            f"the formula of {', '.join(sorted(changed))} is another one or gone: put it back below"
            " `earlier` with the reason, and give the new formula the next number"
        )
    return "".join(f"{name} {now[name]}\n" for name in sorted(now))


def _told(metric: Metric) -> list[str]:
    where = [f"`{table}`" for table in metric.sources]
    whose = metric.reference.name
    if metric.reference.url:
        whose = f"[{whose}]({metric.reference.url})"
    facts = [f"**{metric.title}** (`{metric.definition}`)", f"unit: {metric.unit}"]
    if metric.better:
        facts.append(f"{metric.better} is better")
    facts += [f"from {', '.join(where)}", f"after {whose}"]
    lines = [", ".join(facts) + ".", "", _one_line(metric.words), "", *_sql(metric), ""]
    lines += [f"- {_one_line(case)}" for case in metric.edge_cases]
    for one in metric.earlier:
        lines += ["", *_earlier(one)]
    return lines


def _earlier(version: EarlierVersion) -> list[str]:
    return [
        f"Version {version.version}: {_one_line(version.words)} {_one_line(version.replaced)}",
        "", *_sql(version),
    ]  # fmt: skip


def _sql(version: Version) -> list[str]:
    return ["```sql", *version.formula.splitlines(), "```"]


def _one_line(text: str) -> str:
    return _SPACE.sub(" ", text)
