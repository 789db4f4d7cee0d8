"""Traces as a collector gets them."""

import io
import json
import socket
import subprocess
import sys
import time

import pytest

from gitinsight import logs, traces
from gitinsight.outward_settings import TracingSettings
from tests.support.collector import traced

PARENT = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


def test_spans_are_told_with_their_facts_and_what_they_are_part_of() -> None:
    with traced() as collector:
        with traces.span("outer", http__route="/a", unknown=None) as outer:
            outer.set_attribute("rows", 3)
            outer.update_name("outer now")
            with traces.span("inner"):
                pass
        with pytest.raises(ValueError, match="broken"), traces.span("failed"):
            raise ValueError("broken")

    first, inner, failed = (collector.named(one) for one in ("outer now", "inner", "failed"))
    assert (first.facts, first.service, first.parent) == (
        {"http.route": "/a", "rows": 3}, "test", "",
    )  # fmt: skip
    assert (inner.trace, inner.parent) == (first.trace, first.id)
    assert (failed.is_error, failed.trace != first.trace) == (True, True)


def test_it_goes_on_with_the_trace_of_whoever_asks() -> None:
    with traced() as collector, traces.span("asked", parent=PARENT):
        assert (traces.traceparent() or "").startswith("00-0af7651916cd43dd8448eb211c80319c-")

    asked = collector.named("asked")
    assert (asked.trace, asked.parent) == (
        "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331",
    )  # fmt: skip


def test_lines_of_the_log_say_which_trace_they_are_of(log: io.StringIO) -> None:
    with traced() as collector:
        with traces.span("logged"):
            logs.get("test").info("thing.done", rows=1)
        logs.get("test").info("thing.over")

    done, over = (json.loads(line) for line in log.getvalue().splitlines())
    logged = collector.named("logged")
    assert (done["trace_id"], done["span_id"]) == (logged.trace, logged.id)
    assert "trace_id" not in over


def test_only_some_are_told_where_only_some_are_wanted() -> None:
    with traced(sampled_ratio=0) as collector:
        with traces.span("here"):
            assert traces.traceparent() is None
        with traces.span("asked", parent=PARENT):
            pass

    assert [one.name for one in collector.spans] == ["asked"]


def test_the_collector_sees_what_it_wants_to_see() -> None:
    with traced(authorization="Bearer c") as collector, traces.span("one"):
        pass

    assert collector.authorizations == {"Bearer c"}


def test_a_collector_that_is_away_breaks_nothing() -> None:
    traces.configure(TracingSettings(endpoint="http://127.0.0.1:9"), service="test")
    try:
        with traces.span("lost"):
            pass
    finally:
        traces.stop()


def test_nobody_waits_long_for_a_collector_that_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        traces.configure(TracingSettings(endpoint=endpoint), service="test")
        begun = time.monotonic()
        with traces.span("work"):
            pass
        traces.flush()
        traces.stop()

    assert time.monotonic() - begun < 6


def test_where_nobody_collects_nothing_is_loaded() -> None:
    program = (
        "import sys; from gitinsight import traces; from gitinsight.settings import Settings;"
        "traces.configure(Settings().tracing, service='x')\n"
        "with traces.span('a') as span: span.set_attribute('b', 1)\n"
        "assert traces.ids() == {} and traces.traceparent() is None and not traces.is_on()\n"
        "sys.exit('opentelemetry' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
