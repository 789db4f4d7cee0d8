"""Log records: JSON where a program reads them, lines where a person does."""

import io
import json
import logging

import pytest
import structlog

from gitinsight import logs

pytestmark = pytest.mark.usefixtures("log")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_off_a_terminal_an_event_is_one_line_of_json_with_its_facts() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)

    logs.get("flows.steps").info("pull_requests.loaded", rows=24, repository="ö/n")

    (line,) = written(stream)
    assert line.pop("timestamp")
    assert line == {
        "event": "pull_requests.loaded", "rows": 24, "repository": "ö/n", "level": "info",
        "logger": "flows.steps",
    }  # fmt: skip


def test_on_a_terminal_an_event_is_a_line_to_read() -> None:
    stream = Terminal()
    logs.configure(stream=stream)

    logs.get("flows").warning("waiting_for_limit", bucket="core")

    assert "waiting_for_limit" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_what_is_bound_once_is_in_every_line_until_it_is_cleared() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)
    log = logs.get("flows")

    with structlog.contextvars.bound_contextvars(run_id="r1"):
        log.info("one")
    log.info("two")

    first, second = written(stream)
    assert first["run_id"] == "r1"
    assert "run_id" not in second


def test_records_of_other_libraries_have_the_same_form() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)

    logging.getLogger("some.library").error("port %s taken", 8000)

    (line,) = written(stream)
    assert (line["event"], line["level"], line["logger"]) == (
        "port 8000 taken", "error", "some.library",
    )  # fmt: skip


def test_an_exception_is_part_of_its_line() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)

    try:
        int("of this kind")
    except ValueError:
        logs.get("flows").exception("analysis_failed")

    (line,) = written(stream)
    assert "ValueError: invalid literal" in str(line["exception"])


def test_what_lies_below_the_level_is_not_written() -> None:
    stream = io.StringIO()
    logs.configure("WARNING", stream=stream)

    logs.get("flows").info("quiet")
    logging.getLogger("httpx2").info("GET https://api.github.com/...")
    logs.get("flows").warning("loud")

    assert [line["event"] for line in written(stream)] == ["loud"]


def test_requests_of_the_http_client_are_not_told_one_by_one() -> None:
    stream = io.StringIO()
    logs.configure("DEBUG", stream=stream)

    logging.getLogger("httpx2").info("HTTP Request: GET /")
    logging.getLogger("httpx2").warning("odd answer")

    assert [line["event"] for line in written(stream)] == ["odd answer"]


def test_what_is_said_of_each_request_with_its_keys_is_not_written() -> None:
    server = logging.getLogger("uvicorn")
    server.propagate = False  # as whoever loads Prefect finds it
    server.setLevel("WARNING")
    stream = io.StringIO()
    logs.configure("DEBUG", stream=stream)

    for name in ("uvicorn.error", "websockets.server"):
        logging.getLogger(name).debug("< authorization: Bearer secret")
    logging.getLogger("uvicorn.error").info("started")

    assert [line["event"] for line in written(stream)] == ["started"]
