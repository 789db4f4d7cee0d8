"""The warehouse as a route sees it."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from api.app import create_app
from api.session import PLACES, places_in
from gitinsight.settings import AuthSettings, Settings
from tests.conftest import ADMIN_KEY, serving_app
from tests.support.marts import publish_figures
from tests.support.people import client_of
from tests.support.rows import add_repository, claim, value
from tests.support.waiting import wait_for
from warehouse.engine import Engine


def test_many_more_callers_than_connections_are_all_answered(
    api: httpx2.Client, warehouse: Engine
) -> None:
    """More than there are threads, too: those who wait must not keep the others from going on."""
    add_repository(warehouse)

    def ask(_: int) -> int:
        with httpx2.Client(base_url=api.base_url, timeout=20) as client:
            return client.get("/api/v1/repositories").status_code

    with ThreadPoolExecutor(100) as pool:
        found = Counter(pool.map(ask, range(200)))

    assert found == {200: 200}


def test_no_more_transactions_are_open_at_once_than_there_are_places(
    api: httpx2.Client, warehouse: Engine
) -> None:
    def ask(_: int) -> int:
        return api.get("/api/v1/repositories").status_code

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(ask, range(200)))

    sessions = value(
        warehouse,
        "select count(*) from pg_stat_activity"
        " where application_name = 'gitinsight-api' and datname = current_database()",
    )
    assert 1 <= sessions <= PLACES


def test_who_asks_is_known_before_he_takes_a_place(settings: Settings, warehouse: Engine) -> None:
    """Else a stranger waits for others, and they for a GitHub that does not say what one may."""
    required = settings.model_copy(update={"auth": AuthSettings(mode="required")})
    app = create_app(required, warehouse_url=required.warehouse_url, admin_key=ADMIN_KEY)
    with (
        serving_app(app) as url,
        client_of(url, ADMIN_KEY) as admin,
        ThreadPoolExecutor(PLACES) as pool,
        warehouse.begin() as connection,
    ):
        connection.exec_driver_sql("lock table ops.jobs in access exclusive mode")
        waiting = [pool.submit(admin.get, "/api/v1/jobs") for _ in range(PLACES)]
        wait_for(lambda: app.state.places.available_tokens == 0)

        stranger = httpx2.get(f"{url}/api/v1/jobs", timeout=5)
        connection.rollback()

    assert stranger.status_code == 401
    assert {one.result().status_code for one in waiting} == {200}


def test_what_was_written_is_there_when_the_answer_is(
    api: httpx2.Client, warehouse: Engine
) -> None:
    repository_id = add_repository(warehouse)

    job_id = api.post(f"/api/v1/repositories/{repository_id}/analyze").json()["job_id"]

    assert value(warehouse, "select count(*) from ops.jobs where job_id = %s", job_id) == 1


def test_what_goes_wrong_half_way_leaves_nothing(api: httpx2.Client, warehouse: Engine) -> None:
    """The job is inserted before its event is, and there is no table for events."""
    repository_id = add_repository(warehouse)
    with warehouse.begin() as connection:
        connection.exec_driver_sql("alter table ops.job_events rename to hidden")

    answer = api.post(f"/api/v1/repositories/{repository_id}/analyze")

    assert answer.status_code == 500
    assert value(warehouse, "select count(*) from ops.jobs") == 0
    # On a connection of its own: the server closes the one on which it failed.
    again = httpx2.get(f"{api.base_url}/api/v1/repositories")
    assert again.status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        "drop column lines_added_count",
        "alter column commits_count type text",
        "add column new bigint",
    ],
)
def test_a_mart_that_changes_between_two_reads_is_read_as_it_is(
    api: httpx2.Client, warehouse: Engine, change: str
) -> None:
    """PostgreSQL has the statement prepared by then, and no announcement tells of the change."""
    publish_figures(warehouse, claim(warehouse, add_repository(warehouse)))
    path = "/api/v1/marts/daily_activity/rows?repository_id=1"
    wait_for(lambda: api.get(path).status_code == 200)
    assert {api.get(path).status_code for _ in range(8)} == {200}

    with warehouse.begin() as connection:
        connection.exec_driver_sql(f"alter table marts.daily_activity {change}")

    answers = [api.get(path) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert {len(answer.json()["data"]) for answer in answers} == {3}


@pytest.mark.parametrize(
    ("room", "processes", "places"),
    [(117, 1, PLACES), (97, 4, PLACES), (97, 8, 3), (97, 64, 1), (10, 1, 2)],
)
def test_places_are_as_many_as_the_server_has_room_for(
    room: int, processes: int, places: int
) -> None:
    assert places_in(room, processes=processes) == places


def test_the_server_is_asked_how_much_room_it_has(settings: Settings) -> None:
    many = settings.model_copy(update={"api": settings.api.model_copy(update={"workers": 10})})
    app = create_app(many, warehouse_url=many.warehouse_url, admin_key=None)
    with serving_app(app) as url:
        wait_for(lambda: app.state.places.total_tokens == 2)

        assert httpx2.get(f"{url}/api/v1/repositories").status_code == 200
