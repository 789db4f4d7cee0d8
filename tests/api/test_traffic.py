"""What is counted, over all processes, and what is written about each answer."""

import asyncio
import json
import multiprocessing
import time
from datetime import datetime
from pathlib import Path

import httpx2

from api.traffic import Answered, Line, Traffic

ROUTES = ["/a", "/b/{id}"]


def count(traffic: Traffic, route: str = "/a", status: int = 200, *, target: bytes = b"/a") -> None:
    line = Line(route, status, target=target, size=7)
    traffic.count(line, time.monotonic() - 0.003, b"trace-01")


def totals(traffic: Traffic, *answers: tuple[str, int]) -> dict[str, Answered]:
    """After these answers."""

    async def answer() -> dict[str, Answered]:
        for route, status in answers:
            count(traffic, route, status)
        return {one.route: one for one in traffic.totals()}

    return asyncio.run(answer())


def test_answers_are_counted_by_route_and_status() -> None:
    told = totals(
        Traffic(ROUTES), ("/a", 200), ("/a", 200), ("/a", 304), ("/b/{id}", 418), ("/c", 404)
    )

    assert {route: one.statuses for route, one in told.items()} == {
        "/a": {"200": 2, "304": 1}, "/b/{id}": {"other": 1}, "none": {"404": 1},
    }  # fmt: skip
    buckets = {limit: number for limit, number, _ in told["/a"].buckets}
    assert (buckets["0.0025"], buckets["+Inf"]) == (0, 3)
    assert 0.009 < told["/a"].seconds < 0.5


def _in_a_process(directory: Path) -> None:
    async def answer() -> None:
        traffic = Traffic(ROUTES, directory=directory)
        count(traffic)
        traffic.flush()

    asyncio.run(answer())


def test_processes_count_together_those_that_are_gone_too(tmp_path: Path) -> None:
    spawning = multiprocessing.get_context("spawn")
    for _ in range(2):
        child = spawning.Process(target=_in_a_process, args=(tmp_path,))
        child.start()
        child.join()
    told = totals(Traffic(ROUTES, directory=tmp_path), ("/a", 200))

    assert told["/a"].statuses == {"200": 3}


def test_processes_of_another_version_are_counted_by_themselves(tmp_path: Path) -> None:
    old, new = Traffic(ROUTES, directory=tmp_path), Traffic(["/0", *ROUTES], directory=tmp_path)
    renamed = Traffic(["/a", "/b/{name}"], directory=tmp_path)

    assert totals(old, ("/a", 200))["/a"].statuses == {"200": 1}
    assert totals(new, ("/b/{id}", 200)).keys() == {"/b/{id}"}
    assert totals(renamed, ("/b/{name}", 404)).keys() == {"/b/{name}"}


def test_an_answer_that_took_so_long_is_its_example() -> None:
    told = totals(Traffic(ROUTES), ("/a", 200))

    ((_, _, example), *others) = [one for one in told["/a"].buckets if one[2]]

    assert not others
    assert example is not None
    assert example.request_id == "trace-01"
    assert 0.003 <= example.seconds < 0.5
    assert abs(example.at - time.time()) < 60


def test_each_is_counted_where_it_belongs_and_the_slowest_of_them_is_the_example() -> None:
    line = Line("/a", 200, target=b"/a", size=7)
    took = [0.003, 0.000_05, 2.0, 0.000_05, 0.000_01, 0.004, 0.000_051]

    async def answer() -> Answered:
        traffic = Traffic(ROUTES)
        traffic.put([
            (line, time.monotonic(), one, b"%d" % number) for number, one in enumerate(took)
        ])  # fmt: skip
        (told,) = traffic.totals()
        return told

    told = asyncio.run(answer())

    counts = [number for _, number, _ in told.buckets]
    assert told.statuses == {"200": 7}
    assert counts == [3, 4, 4, 4, 4, 4, 6, 6, 6, 6, 6, 6, 6, 6, 7]
    examples = {limit: one.seconds for limit, _, one in told.buckets if one}
    assert examples == {"5e-05": 0.000_05, "0.0001": 0.000_051, "0.005": 0.004, "+Inf": 2.0}


def test_every_answer_has_a_line_of_json_soon() -> None:
    written = bytearray()

    async def answer() -> None:
        traffic = Traffic(ROUTES, sink=written.extend)
        for target in (b"/a", b'/a?q="quoted"\\', "/a?q=é".encode("latin-1"), b"/a?\x7f"):
            count(traffic, target=target)
        await asyncio.sleep(0.3)

    asyncio.run(answer())

    lines = [json.loads(line) for line in written.splitlines()]
    assert [line["target"] for line in lines] == ["/a", '/a?q="quoted"\\', "/a?q=é", "/a?\x7f"]
    assert {"route": "/a", "status": 200, "bytes": 7, "request_id": "trace-01"}.items() <= (
        lines[0].items()
    )
    assert 3_000 <= lines[0]["microseconds"] < 500_000
    assert lines[0]["timestamp"].startswith("20")


def test_a_line_tells_when_its_request_came_whatever_the_order() -> None:
    written = bytearray()
    back = (0.0, 1.5, 0.25, 61.0, 0.0)

    async def answer() -> None:
        traffic = Traffic(ROUTES, sink=written.extend)
        for seconds in back:
            line = Line("/a", 200, target=b"/a", size=7)
            traffic.count(line, time.monotonic() - seconds, b"trace-01")
        traffic.flush()

    ended = time.time()
    asyncio.run(answer())

    told = [json.loads(line) for line in written.splitlines()]
    for one, seconds in zip(told, back, strict=True):
        at = datetime.fromisoformat(one["timestamp"]).timestamp()
        assert abs(ended - at - seconds) < 0.2
        assert abs(one["microseconds"] / 1e6 - seconds) < 0.2


def test_many_answers_are_written_at_once() -> None:
    writes: list[bytes] = []

    async def answer() -> None:
        traffic = Traffic(ROUTES, sink=writes.append)
        for _ in range(1_000):
            count(traffic)
        traffic.flush()

    asyncio.run(answer())

    assert [one.count(b"\n") for one in writes] == [256, 256, 256, 232]


def test_the_api_tells_of_its_routes_by_their_pattern(reading: httpx2.Client) -> None:
    for path in ("/api/v1/repositories/7", "/api/v1/repositories/8", "/nothing", "/health/live"):
        reading.get(path)

    told = reading.get("/metrics").text

    for line in (
        '{route="/api/v1/repositories/{repository_id}",status="404"} 2.0',
        '{route="none",status="404"} 1.0',
        '{route="/health/live",status="200"} 1.0',
    ):
        assert f"gitinsight_http_requests_total{line}" in told
    assert 'gitinsight_http_request_seconds_count{route="none"} 1.0' in told
