"""Answers that are kept: never after a change, never of what is private."""

import time
from collections.abc import Callable
from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI

from api import answers
from api.answers import Answer, Answers
from api.app import create_app
from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_app
from tests.support.marts import publish_figures
from tests.support.people import client_of, where_keys_are_needed
from tests.support.rows import AT, add_repository, claim
from tests.support.waiting import wait_for
from warehouse import hidden
from warehouse.engine import Engine

ANSWER = Answer('W/"a"', b"{}", 1, 0, is_public=True)
ROWS = "/api/v1/repositories/1/contributors"


@pytest.fixture
def kept() -> Answers:
    kept = Answers()
    kept.trust(time.monotonic())
    kept.keep(b"/a", ANSWER)
    assert kept.get(b"/a") == ANSWER
    return kept


@pytest.mark.parametrize(
    "happens",
    [
        lambda kept: kept.forget(1, "v"),
        lambda kept: kept.forget(1, None),
        lambda kept: kept.forget_all(),
        lambda kept: kept.trust(time.monotonic() - 2),
    ],
    ids=["changed", "gone", "interrupted", "silent"],
)
def test_one_is_given_until_something_may_have_changed(
    kept: Answers, happens: Callable[[Answers], None]
) -> None:
    happens(kept)

    assert kept.get(b"/a") is None


def test_those_of_other_repositories_stay(kept: Answers) -> None:
    kept.forget(2, "v")

    assert kept.get(b"/a") == ANSWER
    assert kept.get(b"/b") is None


@pytest.mark.parametrize(
    "happens",
    [lambda kept: kept.forget(1, "v"), lambda kept: kept.forget_all()],
    ids=["changed", "interrupted"],
)
def test_one_that_was_begun_before_a_change_is_not_kept(
    kept: Answers, happens: Callable[[Answers], None]
) -> None:
    begun = replace(ANSWER, number=kept.number(1))
    happens(kept)
    kept.trust(time.monotonic())
    kept.keep(b"/a", begun)

    assert kept.get(b"/a") is None


@pytest.mark.parametrize("told", [{"is_public": False}, {"body": None}])
def test_what_is_private_or_was_not_read_is_not_kept(
    kept: Answers, told: dict[str, object]
) -> None:
    kept.keep(b"/b", replace(ANSWER, **told))  # type: ignore[arg-type]

    assert kept.get(b"/b") is None


def test_neither_answers_nor_changes_are_kept_without_an_end(
    kept: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "_MOST_CHANGES", 10)
    for number in range(100):
        kept.forget(number, "v")
        kept.keep(b"/b", replace(ANSWER, repository_id=number, number=kept.number(number)))

    assert kept.get(b"/a") is None
    assert kept.get(b"/b") is not None
    for number in range(2_000):
        kept.keep(b"/%d" % number, replace(ANSWER, body=b"x" * 2**20, number=kept.number(1)))
    assert len(kept) < 40


class TestRead:
    @pytest.fixture
    def app(self, settings: Settings, warehouse: Engine) -> FastAPI:
        publish_figures(warehouse, claim(warehouse, add_repository(warehouse)))
        told = where_keys_are_needed(settings)
        return create_app(told, warehouse_url=told.warehouse_url, admin_key=ADMIN_KEY)

    @staticmethod
    def ready(app: FastAPI, client: httpx2.Client) -> None:
        wait_for(lambda: client.get(ROWS).is_success and len(app.state.answers))

    def test_a_second_one_asks_nobody_and_a_change_is_seen_within_a_second(
        self, app: FastAPI, warehouse: Engine
    ) -> None:
        with serving_app(app) as url, client_of(url, ADMIN_KEY) as client:
            self.ready(app, client)
            with warehouse.begin() as connection:
                connection.exec_driver_sql("update marts.contributor set commits_count = 77")
                # Nothing tells of it: what is kept is what is answered.
                first = client.get(ROWS)
            held = client.get(ROWS, headers={"if-none-match": first.headers["etag"]})
            with warehouse.begin() as connection:
                connection.exec_driver_sql(
                    "update ops.publications set publication = publication + 1"
                )
            started = time.monotonic()
            wait_for(lambda: client.get(ROWS).json()["data"][0]["commits_count"] == 77)
            assert time.monotonic() - started < 1
            later = client.get(ROWS, headers={"if-none-match": first.headers["etag"]})

        assert first.json()["data"][0]["commits_count"] == 5
        assert (held.status_code, held.content, later.status_code) == (304, b"", 200)

    def test_who_may_read_is_looked_at_each_time(self, app: FastAPI, warehouse: Engine) -> None:
        with serving_app(app) as url, client_of(url, ADMIN_KEY) as admin:
            self.ready(app, admin)
            key = admin.post("/api/v1/api-keys", json={"name": "k"}).json()
            with client_of(url, None) as stranger, client_of(url, key["key"]) as program:
                assert (stranger.get(ROWS).status_code, program.get(ROWS).status_code) == (401, 200)
                with warehouse.begin() as connection:
                    connection.exec_driver_sql("update ops.repositories set is_private = true")
                wait_for(lambda: program.get(ROWS).status_code == 404, seconds=2)
                for _ in range(3):
                    assert admin.get(ROWS).status_code == 200
                    assert program.get(ROWS).status_code == 404
                assert len(app.state.answers) <= 1

    def test_who_is_hidden_is_shown_no_longer(self, app: FastAPI, warehouse: Engine) -> None:
        with warehouse.begin() as connection:
            connection.exec_driver_sql("comment on column marts.contributor.person is 'a login'")
        with serving_app(app) as url, client_of(url, ADMIN_KEY) as client:
            self.ready(app, client)
            with warehouse.begin() as connection:
                hidden.hide(connection, "ann", at=AT)

            wait_for(lambda: "ann" not in client.get(ROWS).text, seconds=2)
