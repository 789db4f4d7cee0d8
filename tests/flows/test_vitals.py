"""What runs in a state directory, and its memory."""

import json
import os
import subprocess
import sys

from flows import vitals
from gitinsight.settings import Settings


def test_without_a_stack_nothing_runs(settings: Settings) -> None:
    assert not vitals.is_up(settings)
    assert vitals.memory_rows(settings) == []


def test_a_record_of_processes_that_are_gone_is_no_stack(settings: Settings) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    record = settings.state_dir / "run" / "pids.json"
    record.write_text(json.dumps({"worker": ended.pid}))

    assert not vitals.is_up(settings)
    assert vitals.memory_rows(settings) == []


def test_each_process_is_counted_once(settings: Settings) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdin is not None
    child.stdout.readline()
    record = settings.state_dir / "run" / "pids.json"
    record.write_text(json.dumps({"supervisor": os.getpid(), "worker": child.pid}))

    rows = {row["process"]: row for row in vitals.memory_rows(settings)}

    child.stdin.close()
    child.wait()
    child.stdout.close()
    assert rows["worker"]["processes"] == 1
    assert rows["worker"]["rss_mb"] > 0
    assert rows["total"]["rss_mb"] == rows["worker"]["rss_mb"] + rows["supervisor"]["rss_mb"]
