"""`gitinsight archive`: mirrors one after the other, what is missing, and kill -9 in the middle."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from flows import archive, cli
from flows.archive import Outcome, exit_code, follow
from tests.support.gharchive import HOUR, event, packed, put
from tests.support.rows import AT, value
from tests.support.upstream import Reply, Upstream
from tests.support.waiting import wait_for
from warehouse.engine import Engine

CONTENT = packed([event(1), event(2)])
COUNT = "select count(*) from raw.gharchive_events"
_LOADER = """
import sys
from datetime import datetime, timezone
from flows import archive, cli
from warehouse.engine import make_engine

hour = datetime.fromisoformat(sys.argv[3])
engine = make_engine(sys.argv[1], process="loader")
print([one.held.state for one in archive.load(engine, [hour], sys.argv[2:3], now=lambda: hour)])
"""


@pytest.fixture
def mirrors() -> Iterator[tuple[Upstream, Upstream]]:
    with Upstream(Reply(404)) as first, Upstream(Reply(404)) as second:
        yield first, second


def load(
    warehouse: Engine, *places: str, days: float = 0, hours: int = 1, is_full: bool = False
) -> list[Outcome]:
    wanted = [HOUR + timedelta(hours=number) for number in range(hours)]
    return [
        *archive.load(
            warehouse, wanted, places, now=lambda: AT + timedelta(days=days), is_full=is_full
        )
    ]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404), Reply(503), Reply(200, b""), Reply(200, CONTENT[:-20]), Reply(is_lost=True),
        Reply(200, CONTENT, is_cut=True), Reply(200, b"<html>"), Reply(200, packed([b"{}"])),
    ],
    ids=["404", "503", "empty", "truncated", "lost", "cut", "page", "no event"],
)  # fmt: skip
def test_where_one_mirror_fails_the_next_is_asked(
    warehouse: Engine, mirrors: tuple[Upstream, Upstream], reply: Reply
) -> None:
    first, second = mirrors
    first.replies, second.replies = [reply], [Reply(200, CONTENT)]

    (outcome,) = load(warehouse, first.url, second.url)

    assert (outcome.held.state, outcome.new) == ("loaded", 2)
    assert outcome.held.source == f"{second.url}/2024-01-15-0.json.gz"
    assert value(warehouse, COUNT) == 2
    assert exit_code([outcome]) == 0


def test_where_the_first_has_it_no_other_is_asked(
    warehouse: Engine, mirrors: tuple[Upstream, Upstream], tmp_path: Path
) -> None:
    first, second = mirrors

    (outcome,) = load(warehouse, put(tmp_path, CONTENT), first.url, second.url)

    assert outcome.held.state == "loaded"
    assert first.asked == second.asked == []


def test_an_hour_that_nobody_has_is_asked_for_again_for_a_week(
    warehouse: Engine, mirrors: tuple[Upstream, Upstream]
) -> None:
    first, second = mirrors
    for days, state, code in ((0, "missing", 75), (3, "missing", 75), (7, "absent", 3)):
        found = load(warehouse, first.url, second.url, days=days)

        assert [one.held.state for one in found] == [state]
        assert exit_code(found) == code
    asked = len(first.asked)

    assert exit_code(load(warehouse, first.url, days=8)) == 3
    assert len(first.asked) == asked == 3


def test_an_hour_is_not_missing_as_long_as_one_source_does_not_say_so(
    warehouse: Engine, mirrors: tuple[Upstream, Upstream]
) -> None:
    first, second = mirrors
    second.replies = [Reply(200, CONTENT[:-20])]

    (outcome,) = load(warehouse, first.url, second.url)

    assert outcome.held.state == "broken"
    assert "ends in the middle" in (outcome.held.error or "")
    assert exit_code([outcome]) == 75
    assert value(warehouse, COUNT) == 0

    second.replies = [Reply(200, CONTENT)]
    assert load(warehouse, first.url, second.url)[0].held.state == "loaded"


def test_what_is_loaded_is_passed_over_unless_it_is_wanted_again(
    warehouse: Engine, mirrors: tuple[Upstream, Upstream]
) -> None:
    mirror = mirrors[0]
    mirror.replies = [Reply(200, CONTENT)]
    load(warehouse, mirror.url)

    assert [one.new for one in load(warehouse, mirror.url)] == [None]
    assert len(mirror.asked) == 1
    assert [one.new for one in load(warehouse, mirror.url, is_full=True)] == [0]
    assert value(warehouse, COUNT) == 2


def test_a_loaded_hour_that_cannot_be_had_again_stays_loaded(
    warehouse: Engine, mirrors: tuple[Upstream, Upstream], tmp_path: Path
) -> None:
    load(warehouse, put(tmp_path, CONTENT))

    again = load(warehouse, mirrors[0].url, is_full=True)

    assert again[0].held.state == "loaded"
    assert exit_code(again) == 75
    assert exit_code(load(warehouse, mirrors[0].url)) == 0


def test_every_hour_is_told_in_a_line(warehouse: Engine, tmp_path: Path) -> None:
    place = put(tmp_path, packed([event(1), b"{"]))
    text = StringIO()

    found = [*follow(load(warehouse, place, hours=2), 2, Console(file=text, width=40))]

    first, second = text.getvalue().splitlines()
    assert first == "2024-01-15-0: loaded, 1 events, 1 new, 1 refused, whole"
    assert second.startswith("2024-01-15-1: missing: ")
    assert exit_code(found[:1]) == 3
    assert exit_code(found) == 75


def test_a_loader_that_is_killed_at_work_leaves_nothing_and_the_next_one_loads_all(
    warehouse: Engine, database_url: str, tmp_path: Path
) -> None:
    noise = random.Random(1)  # noqa: S311 - reproducible, not secret
    lines = [event(one, payload={"n": f"{noise.getrandbits(4096):x}"}) for one in range(6_000)]
    content = packed(lines)
    file = tmp_path / "2024-01-15-0.json.gz"
    os.mkfifo(file)  # a download that does not go on
    arguments = [sys.executable, "-c", _LOADER, database_url, str(tmp_path), str(HOUR)]
    copying = (
        "select count(*) from pg_stat_progress_copy where datname = current_database()"
        " and tuples_processed > 1000"
    )
    sessions = (
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and application_name = 'gitinsight-loader'"
    )

    with subprocess.Popen(arguments) as loader, file.open("wb", buffering=0) as pipe:
        pipe.write(content[:-100_000])
        wait_for(lambda: value(warehouse, copying))
        loader.kill()
    wait_for(lambda: value(warehouse, sessions) == 0)
    assert value(warehouse, COUNT) == 0
    assert value(warehouse, "select count(*) from ops.archive_hours") == 0

    file.unlink()
    file.write_bytes(content)
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "['loaded']"
    assert value(warehouse, COUNT) == len(lines)


def test_the_command_ends_as_the_house_says(
    warehouse: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("GITINSIGHT_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("GITINSIGHT_WAREHOUSE__URL", database_url)
    monkeypatch.setenv("GITINSIGHT_ARCHIVE__SOURCES", f"{tmp_path}/none,{tmp_path}")
    put(tmp_path, CONTENT)

    def run(*arguments: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["gitinsight", "archive", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, capsys.readouterr().err

    assert run("2024-01-15-0") == (0, "2024-01-15-0: loaded, 2 events, 2 new, whole\n")
    code, told = run("2024-01-15-0", "2024-01-15-1")
    assert code == 75
    assert told.startswith("2024-01-15-0: loaded, 2 events already, whole\n2024-01-15-1: broken: ")
    code, told = run("2024-01-15-99")
    assert code == 1
    assert told.startswith("gitinsight: '2024-01-15-99' is not an hour of GH Archive: ")
    assert len(told.splitlines()) == 1
    assert value(warehouse, COUNT) == 2
