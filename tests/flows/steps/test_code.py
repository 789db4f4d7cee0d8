"""Code is measured once for each content, and added up by week and release."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lizard
import pytest

from flows.steps import code as step
from flows.steps import discover
from flows.steps.code import read_code
from flows.steps.commits import read_commits
from flows.steps.run import Run
from gitinsight.settings import Settings
from tests.support.analyses import attempting, count, rows
from tests.support.repositories import git, make_repository
from warehouse.engine import Engine, make_engine

DEEP = "def f(a):\n" + "".join(f"    if a == {one}:\n        g({one})\n" for one in range(30))
SIX = "".join(f"value_{one} = compute({one})\n" for one in range(6))
KEY = "-----BEGIN " + "PRIVATE KEY-----\n"
FILES = {
    "app/deep.py": DEEP, "app/one.py": SIX, "app/two.py": f"import x\n{SIX}", "app/copy.py": SIX,
    "app/Main.java": "class Main { int f() { return 1; } }\n",
    "tests/test_deep.py": DEEP + "x = 1\n", "vendor/lib.py": DEEP, "docs/a.md": "# no code\n",
    "requirements.txt": "flask==3.0.0\nnumpy>=2\n", "deploy.yml": KEY, "app/odd.py": "x = '\0'\n",
    ".github/workflows/ci.yml": "on: push\njobs: {a: {steps: [{uses: actions/checkout@v4}]}}\n",
}  # fmt: skip
TOTAL = """
    select files_count, unmeasured_count, nloc, tests_nloc, duplicated_lines_count
    from insights.code_snapshots where language = 'all' and every = 'week'
"""


@pytest.fixture
def here(state_dir: Path) -> Iterator[Path]:
    path = make_repository(state_dir / "here")
    put(path, FILES)
    return path


def put(path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--message", "files")


@contextmanager
def reading(settings: Settings, warehouse: Engine, here: Path) -> Iterator[Run]:
    with attempting(settings, warehouse, str(here)) as run:
        discover.discover_local(run)
        read_commits(run)
        yield run


def read(settings: Settings, warehouse: Engine, here: Path) -> int:
    with reading(settings, warehouse, here) as run:
        return read_code(run)


def test_each_content_is_measured_as_lizard_says(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    assert read(settings, warehouse, here) == 9  # one.py and copy.py are one

    theirs = lizard.analyze_file.analyze_source_code("deep.py", DEEP)
    found = rows(
        warehouse,
        "select nloc, ccn, functions_count, health_score is null, kind, unmeasured,"
        " jsonb_array_length(findings) from insights.code_blobs"
        " join insights.code_files using (repository_id, blob_id, kind)"
        " where path in ('app/deep.py', 'app/odd.py', 'app/Main.java') order by path",
    )
    assert found == [
        (1, 1, 1, True, "Java", None, 0),
        (theirs.nloc, theirs.CCN, 1, False, "Python", None, 32),
        (None, None, None, True, "Python", "binary", None),
    ]
    assert rows(warehouse, "select count(*) from insights.code_files") == [(10,)]
    assert rows(
        warehouse,
        "select findings -> 0 ->> 'rule' from insights.code_blobs where kind = 'workflow'",
    ) == [("unpinned-action",)]
    assert rows(
        warehouse,
        "select one ->> 'name', one ->> 'version' from insights.code_blobs,"
        " jsonb_array_elements(dependencies) as one where kind = 'manifest'",
    ) == [("flask", "3.0.0"), ("numpy", None)]
    secrets = rows(warehouse, "select kind, secrets from insights.code_blobs where secrets <> '[]'")
    assert [(kind, one["kind"], one["line"]) for kind, (one,) in secrets] == [
        ("text", "private_key", 1)
    ]


def test_a_week_is_what_lies_there_without_tests_and_what_others_wrote(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    read(settings, warehouse, here)

    deep = lizard.analyze_file.analyze_source_code("deep.py", DEEP).nloc
    assert rows(warehouse, TOTAL) == [(5, 1, deep + 3 * 6 + 1 + 1, deep + 1, 18)]
    assert rows(
        warehouse,
        "select language, nloc, health_score is null from insights.code_snapshots order by 1",
    ) == [("Java", 1, True), ("Python", deep + 19, False), ("all", deep + 20, False)]


def test_only_what_changed_is_read_again(settings: Settings, warehouse: Engine, here: Path) -> None:
    read(settings, warehouse, here)

    assert read(settings, warehouse, here) == 0
    put(here, {"app/one.py": SIX + "y = 2\n"})
    git(here, "mv", "app/deep.py", "app/moved.py")
    git(here, "commit", "--quiet", "--message", "moved")
    assert read(settings, warehouse, here) == 1
    assert ("app/moved.py",) in rows(warehouse, "select path from insights.code_files")
    with warehouse.begin() as connection:
        connection.exec_driver_sql("update insights.code_blobs set engine = 'older'")
    assert read(settings, warehouse, here) == 10


def test_of_a_head_that_is_measured_nothing_is_done(
    settings: Settings, warehouse: Engine, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = (
        "select xmin::text from insights.code_snapshots"
        " union all select xmin::text from insights.code_files order by 1"
    )
    with reading(settings, warehouse, here) as run:
        read_code(run)
        before = rows(warehouse, kept)
        with monkeypatch.context() as nowhere:
            nowhere.setattr(sys, "executable", "/nowhere")  # no process that reads can start

            assert read_code(run) == 0

        assert rows(warehouse, kept) == before


def test_a_head_that_only_lacks_a_file_is_left_alone_once_it_is_measured(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    looks = "insights.code_looks"
    assert read(settings, warehouse, here)
    git(here, "rm", "--quiet", "app/two.py")
    git(here, "commit", "--quiet", "--message", "less")

    read(settings, warehouse, here)
    before = count(warehouse, looks)
    read(settings, warehouse, here)

    assert before == 2
    assert count(warehouse, looks) == before


def test_releases_are_measured_once(settings: Settings, warehouse: Engine, here: Path) -> None:
    git(here, "tag", "--annotate", "v1.0", "--message", "first")
    put(here, {"app/more.py": "z = 3\n"})
    git(here, "tag", "--annotate", "v2.0", "--message", "second")
    git(here, "tag", "--annotate", "nightly", "--message", "no version")

    assert read(settings, warehouse, here) == 10
    found = rows(
        warehouse,
        "select snapshot, files_count from insights.code_snapshots"
        " where every = 'release' and language = 'all' order by 1",
    )
    assert found == [("v1.0", 5), ("v2.0", 6)]


def test_what_is_not_finished_in_time_is_no_figure_yet(
    settings: Settings, warehouse: Engine, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "_BATCH_FILES", 3)
    monkeypatch.setattr(step, "_SECONDS", 0.0)
    assert read(settings, warehouse, here) == 0
    assert rows(warehouse, TOTAL) == []
    assert rows(
        warehouse, "select done, total from ops.job_events where message like 'the time for code%'"
    ) == [(0, 9)]

    monkeypatch.undo()
    assert read(settings, warehouse, here) == 9
    assert len(rows(warehouse, TOTAL)) == 1


def test_a_mirror_that_was_lost_is_fetched_again(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    with reading(settings, warehouse, here) as run:
        run.mirror.discard()
        assert read_code(run) == 9

        (run.mirror.path / "objects" / "pack").rename(run.mirror.path / "gone")
        with warehouse.begin() as connection:
            connection.exec_driver_sql("update insights.code_blobs set engine = 'older'")
        assert read_code(run) == 9


def test_without_git_s_files_nothing_is_known(
    settings: Settings, warehouse: Engine, here: Path
) -> None:
    with reading(settings, warehouse, here) as run:
        run.mirror.discard()
        here.rename(here.with_name("elsewhere"))

        assert read_code(run) == 0
    assert rows(warehouse, TOTAL) == []
    ((said,),) = rows(
        warehouse, "select message from ops.job_events where message like 'code is not read%'"
    )
    assert str(here) in said


@pytest.mark.slow
def test_one_that_takes_too_much_holds_up_none_of_the_others(
    settings: Settings, warehouse: Engine, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("_BATCH_SECONDS", "_FILE_SECONDS"):
        monkeypatch.setattr(step, limit, 2.0)
    put(here, {"app/slow.rb": "\\" * 900_000})

    assert read(settings, warehouse, here) == 10
    assert rows(
        warehouse, "select kind from insights.code_blobs where unmeasured = 'too_hard'"
    ) == [("Ruby",)]
    assert rows(warehouse, TOTAL)[0][:2] == (5, 2)


def test_what_was_measured_is_in_the_marts_when_its_job_is_done(analysed: Settings) -> None:
    held = make_engine(analysed.warehouse_url, process="test")
    try:
        found = rows(
            held,
            "select language, files_count, nloc > 0, duplication_ratio between 0 and 1"
            " from marts.code_quality where every = 'week' order by language",
        )
        hottest = rows(
            held,
            "select bool_and(is_latest), min(hotspot_rank), count(*), max(commits_365d_count) > 0,"
            " count(main_person) from marts.code_hotspots",
        )
        releases = rows(held, "select count(*) from marts.code_quality where every = 'release'")
    finally:
        held.dispose()

    ((python, files, *_), (every, *same)) = found
    assert (python, every, same) == ("Python", "all", [files, True, True])
    assert hottest == [(True, 1, files, True, files)]
    assert releases[0][0] > 0
