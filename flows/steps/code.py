"""Measures the code of the default branch and of releases, before dbt says what it comes to.

A content is read once, whatever paths and commits it has: ``insights.code_blobs`` keeps what was
measured by git's own id, so that only what has changed is read again.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from importlib.metadata import version
from itertools import repeat

from flows.steps.run import Run
from gitinsight.code import linting
from gitinsight.code.facts import Measured, Source, Unmeasured
from gitinsight.code.linting import Said
from gitinsight.code.reading import Reader
from gitinsight.errors import MirrorBroken, NotVisible, TooHard, TooLarge, UpstreamUnavailable
from gitinsight.git.tree import Entry, contents, entries
from models import code_findings, code_health
from models.code_clone_counts import duplicated_counts
from models.code_languages import language_of
from models.code_snapshots import FileMeasures, snapshots
from models.dependencies import is_manifest
from models.source_files import is_configuration, is_of_others, is_source, is_test
from models.workflows import is_workflow
from warehouse import code, cursors
from warehouse.code import Key
from warehouse.engine import Connection

TEXT, WORKFLOW, MANIFEST = code.NO_LANGUAGE
"""Secrets are looked for in each of them."""
_MAX_BYTES = 1_000_000
_BATCH_BYTES, _BATCH_FILES = 500_000, 100
_BATCH_SECONDS, _FILE_SECONDS = 60.0, 10.0
_SECONDS = 600.0
"""Of one analysis. What is left is read by the next one, and no figure is made of a part."""
_RELEASES = 12
_FINDINGS = 1_000
"""Of each content; whatever has more was not written by hand."""
_MAX_SAID_LINES = 3_000_000
"""Beyond so many it is not known how many stand twice: that takes memory by the line."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a commit that are looked at, by path; a content has one key."""

    commit_sha: str
    keys: Mapping[str, Key]
    entries: Mapping[Key, Entry]


def engine() -> str:
    """Everything that what is measured depends on."""
    parts = (
        code_health.DEFINITION, code_findings.DEFINITION, f"lizard {version('lizard')}",
        linting.engine(),
    )  # fmt: skip
    return ", ".join(one for one in parts if one)


def read_code(run: Run) -> int:
    """How many contents were measured. Where git's files cannot be had, nothing is known."""
    with run.warehouse.begin() as connection:
        state = cursors.states(connection, run.repository.repository_id).get("commits", {})
    head: str | None = state.get("head")
    if head is None or "too_large" in state:
        return 0
    try:
        return _read(run, head)
    except MirrorBroken:
        run.mirror.discard()
        return _read(run, head)


def _read(run: Run, head: str) -> int:
    if not _is_here(run, head):
        return 0
    if linting.engine() is None:
        run.announce("transform", resource="code", message=linting.MISSING)
    with Reader() as reader:
        measuring = Measuring(run, reader, engine(), time.monotonic() + _SECONDS)
        if measuring.read(tree := _tree(run, head)):
            _keep_head(run, tree, measuring.engine)
            _read_releases(run, measuring)
        return measuring.count


def _is_here(run: Run, head: str) -> bool:
    """A mirror that was lost since is fetched again: nothing else would before the next push."""
    if (run.mirror.path / "HEAD").exists() and head in run.mirror.commits_among({head}):
        return True
    run.mirror.discard()
    try:
        run.mirror.fetch()
    except (NotVisible, TooLarge, UpstreamUnavailable) as error:
        run.announce("transform", resource="code", message=f"code is not read: {error}")
        return False
    return head in run.mirror.commits_among({head})


class Measuring:
    """Reads what is not measured yet, batch by batch, each its own transaction: what was measured
    stays, whatever becomes of the job.
    """

    def __init__(self, run: Run, reader: Reader, engine: str, deadline: float) -> None:
        self.engine = engine
        self.count = 0
        self._run = run
        self._reader = reader
        self._deadline = deadline

    def read(self, tree: Tree) -> bool:
        """Whether all of it is measured; False where the time is up."""
        run, repository_id = self._run, self._run.repository.repository_id
        keys = sorted(set(tree.keys.values()))
        with run.warehouse.begin() as connection:
            known = code.known(connection, repository_id, keys, engine=self.engine)
        missing = [key for key in keys if key not in known]
        for batch in _batches(missing, tree.entries):
            if time.monotonic() > self._deadline:
                run.announce(
                    "transform", resource="code", done=self.count, total=len(missing),
                    message="the time for code is up: the rest is read by the next analysis",
                )  # fmt: skip
                return False
            self._read(batch, tree)
            run.announce("transform", resource="code", done=self.count, total=len(missing))
        return True

    def _read(self, keys: Sequence[Key], tree: Tree) -> None:
        wanted = [key for key in keys if tree.entries[key].size <= _MAX_BYTES]
        texts = dict(contents(self._run.mirror, sorted({blob for blob, _ in wanted})))
        sources = [
            Source(
                TEXT if key[1] == TEXT else tree.entries[key].path,
                texts[key[0]].decode("utf-8", "replace"),
            )
            for key in wanted
        ]
        rows = [
            self._row(key, one, said)
            for key, (one, said) in zip(wanted, self._measured(sources), strict=True)
        ]
        rows += [
            self._row(key, _unmeasured("too_large"), None)
            for key in keys
            if tree.entries[key].size > _MAX_BYTES
        ]
        with self._run.warehouse.begin() as connection:
            code.store(connection, self._run.repository.repository_id, rows)
            self._run.hold(connection)
        self.count += len(rows)

    def _measured(self, sources: Sequence[Source]) -> Iterator[tuple[Measured, Said | None]]:
        """One that takes too much is found by asking for each by itself."""
        if not sources:
            return
        try:
            reading = self._reader.read(sources, seconds=_BATCH_SECONDS)
        except TooHard:
            for one in sources:
                yield self._alone(one)
        else:
            said = repeat(None) if reading.said is None else reading.said
            yield from zip(reading.measured, said, strict=False)

    def _alone(self, source: Source) -> tuple[Measured, Said | None]:
        try:
            reading = self._reader.read([source], seconds=_FILE_SECONDS)
        except TooHard:
            return _unmeasured("too_hard"), None
        return reading.measured[0], reading.said[0] if reading.said else None

    def _row(self, key: Key, one: Measured, said: Said | None) -> dict[str, object]:
        is_known = one.unmeasured is None
        health = code_health.health(one.functions, one.nloc)
        profile = asdict(code_health.risk_profile(one.functions, one.nloc))
        is_linted = key[1] == WORKFLOW or (
            is_known and (said is not None or one.language != "Python")
        )
        found = code_findings.all_of(one, said or [])
        return {
            "blob_id": key[0], "kind": key[1], "engine": self.engine,
            "measured_at": self._run.clock(), "unmeasured": one.unmeasured,
            "lines_count": one.lines_count or None, "nloc": one.nloc if is_known else None,
            "ccn": one.ccn if is_known else None,
            "functions_count": len(one.functions) if is_known else None,
            "health_score": health.score if is_known else None,
            "penalties": [asdict(penalty) for penalty in health.penalties],
            **{name: value if is_known else None for name, value in profile.items()},
            "findings": self._run.veil.value([asdict(each) for each in found[:_FINDINGS]])
            if is_linted else None,
            "secrets": [asdict(secret) for secret in one.secrets],
            "dependencies": self._run.veil.value([asdict(each) for each in one.dependencies]),
            "line_digests": list(one.line_digests),
        }  # fmt: skip


def _tree(run: Run, commit_sha: str) -> Tree:
    keys: dict[str, Key] = {}
    found: dict[Key, Entry] = {}
    for entry in entries(run.mirror, commit_sha):
        kind = _kind(entry.path)
        if kind is not None:
            key = keys[run.veil.text(entry.path, "path")] = (entry.blob_id, kind)
            found.setdefault(key, entry)
    return Tree(commit_sha, keys, found)


def _kind(path: str) -> str | None:
    """Null of what nobody looks at."""
    language = language_of(path)
    if language is not None and is_source(path):
        return language
    if is_workflow(path):
        return WORKFLOW
    if is_manifest(path) and not is_of_others(path):
        return MANIFEST
    return TEXT if is_configuration(path) else None


def _batches(keys: Sequence[Key], found: Mapping[Key, Entry]) -> Iterator[list[Key]]:
    batch: list[Key] = []
    size = 0
    for key in keys:
        if batch and (size + found[key].size > _BATCH_BYTES or len(batch) >= _BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(key)
        size += min(found[key].size, _MAX_BYTES)
    if batch:
        yield batch


def _unmeasured(reason: Unmeasured) -> Measured:
    return Measured(None, reason, 0, 0, 0, (), (), ())


def _keep_head(run: Run, tree: Tree, engine: str) -> None:
    """Nothing where it is kept as it is: the same commit, measured by the same engine."""
    day = run.as_of.date()
    monday, month = day - timedelta(days=day.weekday()), day.replace(day=1)
    files = ((path, *key, is_test(path)) for path, key in tree.keys.items())
    with run.warehouse.begin() as connection:
        repository_id = run.repository.repository_id
        made = code.snapshots(connection, repository_id, "week", engine=engine)
        looked_at = code.last_looked_at(connection, repository_id, month)
        is_kept = (f"{monday}", tree.commit_sha) in made and looked_at == tree.commit_sha
        if is_kept and not run.job.is_full:
            return
        code.replace_files(
            connection, repository_id, month, files,
            commit_sha=tree.commit_sha, taken_at=run.as_of, at=run.clock(),
        )  # fmt: skip
        rows = _snapshot(connection, run, tree, day=day, engine=engine)
        code.replace_snapshot(connection, repository_id, "week", f"{monday}", rows, at=run.clock())
        run.hold(connection)


def _read_releases(run: Run, measuring: Measuring) -> None:
    """The newest ones that were not measured as they are now."""
    repository_id = run.repository.repository_id
    with run.warehouse.begin() as connection:
        wanted = code.releases(connection, repository_id, until=run.as_of, limit=_RELEASES)
        made = code.snapshots(connection, repository_id, "release", engine=measuring.engine)
    there = run.mirror.commits_among({one.commit_sha for one in wanted})
    for one in wanted:
        if (one.name, one.commit_sha) in made or one.commit_sha not in there:
            continue
        if not measuring.read(tree := _tree(run, one.commit_sha)):
            return
        with run.warehouse.begin() as connection:
            rows = _snapshot(
                connection, run, tree, day=one.tagged_at.date(), engine=measuring.engine
            )
            code.replace_snapshot(
                connection, repository_id, "release", one.name, rows, at=run.clock()
            )
            run.hold(connection)


def _snapshot(
    connection: Connection, run: Run, tree: Tree, *, day: date, engine: str
) -> list[dict[str, object]]:
    stamp = {"commit_sha": tree.commit_sha, "taken_on": day, "engine": engine}
    found = code.measured(connection, run.repository.repository_id, set(tree.keys.values()))
    return [asdict(one) | stamp for one in snapshots(_measures(tree, found))]


def _measures(tree: Tree, found: Iterable[code.Measured]) -> Iterator[FileMeasures]:
    """Path by path: what lies at two is twice there."""
    held = {(one.blob_id, one.kind): (replace(one, line_digests=[]), one.digests) for one in found}
    paths = [(path, held[key]) for path, key in tree.keys.items() if key in held]
    said = [digests for path, (_, digests) in paths if not is_test(path)]
    is_countable = sum(map(len, said)) <= _MAX_SAID_LINES
    duplicated: Iterator[int | None] = repeat(None)
    if is_countable:
        duplicated = iter(duplicated_counts(said))
    for path, (one, digests) in paths:
        tests = is_test(path)
        yield FileMeasures(
            language=one.kind, is_test=tests, is_measured=one.unmeasured is None,
            nloc=one.nloc or 0, ccn=one.ccn or 0, functions_count=one.functions_count or 0,
            health_score=one.health_score, bands=one.bands, said_lines_count=len(digests),
            duplicated_lines_count=0 if tests else next(duplicated), findings=one.counts,
        )  # fmt: skip
