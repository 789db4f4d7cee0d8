"""Jobs over HTTP: what they do, how to stop them, and what they tell while they run."""

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from api import live, streams
from tests.support import server_sent
from tests.support.outages import away, kill_sessions
from tests.support.rows import AT, claim, queue
from warehouse import job_events, jobs
from warehouse.engine import Engine
from warehouse.jobs import Job

JOBS = "/api/v1/jobs"


def finish(warehouse: Engine, job: Job, state: str = "succeeded") -> None:
    with warehouse.begin() as connection:
        jobs.finish(connection, job, state=state, at=AT, outcome={"rows": {"issues": 3}})


def tell(warehouse: Engine, job: Job, times: int = 1) -> None:
    with warehouse.begin() as connection:
        for number in range(times):
            job_events.append(connection, job.job_id, at=AT, state="running", done=number)


def events(job: Job) -> str:
    return f"{JOBS}/{job.job_id}/events"


class TestList:
    def test_without_any_it_is_empty(self, api: httpx2.Client) -> None:
        assert api.get(JOBS).json() == {"data": [], "next_cursor": None}

    @pytest.mark.parametrize("limit", [1, 2, 3, 500])
    def test_pages_show_every_job_once_the_newest_first(
        self, api: httpx2.Client, warehouse: Engine, limit: int
    ) -> None:
        for number, minutes in enumerate((0, 1, 1, 1, 2)):
            queue(warehouse, number, at=AT + timedelta(minutes=minutes))
        found: list[dict[str, Any]] = []
        query: dict[str, str | int] = {"limit": limit}
        while True:
            page = api.get(JOBS, params=query).json()
            found += page["data"]
            if page["next_cursor"] is None:
                break
            assert len(page["data"]) == limit
            query["cursor"] = page["next_cursor"]

        assert len({job["job_id"] for job in found}) == len(found) == 5
        asked = [datetime.fromisoformat(job["requested_at"]) for job in found]
        assert asked == sorted(asked, reverse=True)

    def test_a_job_that_comes_while_one_pages_moves_none(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        first, second = (queue(warehouse, n, at=AT + timedelta(minutes=n)) for n in (1, 2))
        page = api.get(JOBS, params={"limit": 1}).json()
        queue(warehouse, 3, at=AT + timedelta(minutes=3))

        following = api.get(JOBS, params={"limit": 1, "cursor": page["next_cursor"]}).json()

        shown = [one["job_id"] for one in (*page["data"], *following["data"])]
        assert shown == [str(second.job_id), str(first.job_id)]

    def test_they_can_be_asked_for_by_state(self, api: httpx2.Client, warehouse: Engine) -> None:
        running = claim(warehouse, 1)
        queue(warehouse, 2)

        found = api.get(JOBS, params={"state": "running"}).json()["data"]

        assert [one["job_id"] for one in found] == [str(running.job_id)]

    @pytest.mark.parametrize(
        "query",
        [{"state": "lost"}, {"limit": 0}, {"limit": 501}, {"limit": "x"}, {"cursor": "x"},
         {"cursor": "WyIxIl0="}],
    )  # fmt: skip
    def test_what_cannot_be_meant_is_not_valid(
        self, reading: httpx2.Client, query: dict[str, str | int]
    ) -> None:
        answer = reading.get(JOBS, params=query)

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["where"] == ["query", *query]


class TestOne:
    def test_it_is_told_whole_and_times_are_utc(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        job = claim(warehouse, 7)
        finish(warehouse, job, "partial")

        found = api.get(f"{JOBS}/{job.job_id}").json()

        assert (found["job_id"], found["repository_id"]) == (str(job.job_id), 7)
        assert (found["state"], found["finished_at"]) == ("partial", "2026-06-01T12:00:00Z")
        assert found["outcome"] == {"rows": {"issues": 3}}
        assert (found["error_type"], found["flow_run_url"], found["not_before"]) == (None,) * 3

    @pytest.mark.parametrize(
        ("method", "rest"),
        [("GET", ""), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/retry")],
    )
    def test_one_that_is_not_there_is_not_found(
        self, reading: httpx2.Client, method: str, rest: str
    ) -> None:
        assert reading.request(method, f"{JOBS}/{uuid4()}{rest}").status_code == 404
        assert reading.request(method, f"{JOBS}/7{rest}").status_code == 422


class TestCancel:
    def test_a_queued_job_ends(self, api: httpx2.Client, warehouse: Engine) -> None:
        job = queue(warehouse)

        answer = api.post(f"{JOBS}/{job.job_id}/cancel")

        assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")

    def test_a_running_job_is_asked(self, api: httpx2.Client, warehouse: Engine) -> None:
        job = claim(warehouse)

        answer = api.post(f"{JOBS}/{job.job_id}/cancel")

        assert (answer.status_code, answer.json()["state"]) == (202, "running")
        assert answer.json()["cancel_requested_at"] is not None

    def test_a_job_that_has_ended_stays_as_it_is(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        job = claim(warehouse)
        finish(warehouse, job)

        assert api.post(f"{JOBS}/{job.job_id}/cancel").json()["state"] == "succeeded"


class TestRetry:
    def test_it_is_the_same_analysis_once_more(self, api: httpx2.Client, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            past, _ = jobs.enqueue(connection, 1, at=AT, is_full=True)
            jobs.request_cancel(connection, past.job_id, at=AT)

        answer = api.post(f"{JOBS}/{past.job_id}/retry")

        assert answer.status_code == 202
        assert (answer.json()["state"], answer.json()["is_new"]) == ("queued", True)
        again = api.get(f"{JOBS}/{answer.json()['job_id']}").json()
        assert (again["is_full"], again["repository_id"]) == (True, 1)
        assert again["job_id"] != str(past.job_id)

    def test_one_that_is_active_is_the_one(self, api: httpx2.Client, warehouse: Engine) -> None:
        job = claim(warehouse)

        assert api.post(f"{JOBS}/{job.job_id}/retry").json() == {
            "job_id": str(job.job_id), "state": "running", "is_new": False,
        }  # fmt: skip


class TestEvents:
    def test_a_job_that_has_ended_is_told_from_its_beginning_to_its_end(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        job = claim(warehouse)
        tell(warehouse, job)
        finish(warehouse, job)

        found = server_sent.whole(api, events(job))

        assert [one.id for one in found] == [1, 2, 3]
        assert [one.data["state"] for one in found if one.data] == [
            "queued",
            "running",
            "succeeded",
        ]
        assert found[0].data is not None
        assert found[0].data["at"] == "2026-06-01T12:00:00Z"

    @pytest.mark.parametrize("after", [1, 2, 3])
    def test_whoever_comes_back_hears_what_he_missed_and_nothing_twice(
        self, api: httpx2.Client, warehouse: Engine, after: int
    ) -> None:
        job = claim(warehouse)
        tell(warehouse, job)
        finish(warehouse, job)

        found = server_sent.whole(api, events(job), after=after)

        assert [one.id for one in found] == list(range(after + 1, 4))

    def test_more_events_than_are_read_at_once_are_all_told(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        job = claim(warehouse)
        tell(warehouse, job, times=2_100)
        finish(warehouse, job)

        assert [one.id for one in server_sent.whole(api, events(job))] == list(range(1, 2_103))

    def test_what_happens_is_told_as_it_happens(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        job = claim(warehouse)
        with server_sent.stream(api, events(job)) as messages:
            assert next(messages).id == 1
            tell(warehouse, job)
            assert next(messages).id == 2
            finish(warehouse, job)
            assert next(messages).id == 3
            assert list(messages) == []

    def test_writers_that_write_at_once_leave_no_gap(
        self, api: httpx2.Client, warehouse: Engine
    ) -> None:
        job = claim(warehouse)
        writers = [
            threading.Thread(target=lambda: [tell(warehouse, job) for _ in range(10)])
            for _ in range(4)
        ]
        with server_sent.stream(api, events(job)) as messages:
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            finish(warehouse, job)

            assert [one.id for one in messages] == list(range(1, 43))

    def test_a_silent_job_keeps_the_connection_alive(
        self, api: httpx2.Client, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live, "_HEARTBEAT_SECONDS", 0.05)
        job = claim(warehouse)
        with server_sent.stream(api, events(job), after=1) as messages:
            silence = [next(messages) for _ in range(2)]
            tell(warehouse, job)

            assert [one.id for one in silence] == [None, None]
            assert next(one for one in messages if one.data).id == 2

    def test_an_event_that_was_not_announced_is_told_with_the_next_heartbeat(
        self, api: httpx2.Client, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live, "_HEARTBEAT_SECONDS", 0.05)
        job = claim(warehouse)
        with warehouse.begin() as connection:
            connection.exec_driver_sql("alter table ops.job_events disable trigger announce")
        with server_sent.stream(api, events(job), after=1) as messages:
            next(messages)
            tell(warehouse, job)

            assert next(one for one in messages if one.data).id == 2

    def test_an_outage_of_the_warehouse_interrupts_no_stream(
        self, api: httpx2.Client, warehouse: Engine, database_url: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(live, "_HEARTBEAT_SECONDS", 0.05)
        monkeypatch.setattr(streams, "_RECONNECT_SECONDS", 0.05)
        job = claim(warehouse)
        with server_sent.stream(api, events(job)) as messages:
            next(messages)
            with away(database_url):
                assert next(messages).data is None
            finish(warehouse, job)

            assert [one.id for one in messages if one.data] == [2]

    def test_after_a_restart_of_the_server_it_is_listened_to_again(
        self, api: httpx2.Client, warehouse: Engine, database_url: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        """The heartbeat is too slow to be what tells it."""
        monkeypatch.setattr(streams, "_RECONNECT_SECONDS", 0.05)
        job = claim(warehouse)
        with server_sent.stream(api, events(job), after=1) as messages:
            kill_sessions(database_url)
            finish(warehouse, job)

            assert [one.id for one in messages] == [2]

    @pytest.mark.parametrize("given", ["-1", "x", "1.5"])
    def test_an_id_that_was_never_given_is_not_valid(
        self, api: httpx2.Client, warehouse: Engine, given: str
    ) -> None:
        job = queue(warehouse)

        assert api.get(events(job), headers={"last-event-id": given}).status_code == 422
