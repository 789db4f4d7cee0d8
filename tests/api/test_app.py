"""The application: ids of requests, who may reach it, and what is no address."""

import httpx2
import pytest

from api.app import create_app
from gitinsight.errors import BrokenEnvironment
from gitinsight.settings import Settings
from warehouse.engine import Engine

EVERYWHERE = "0.0.0.0"  # noqa: S104 - to be refused
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def settings_of(host: str, mode: str) -> Settings:
    return Settings.model_validate({"api": {"host": host}, "auth": {"mode": mode}})


@pytest.mark.parametrize("path", ["/health/live", "/api/v1/jobs", "/api/v1/jobs/none", "/nothing"])
def test_every_answer_has_an_id_of_its_own(reading: httpx2.Client, path: str) -> None:
    found = {reading.get(path).headers["x-request-id"] for _ in range(2)}

    assert len(found) == 2


def test_the_callers_own_id_is_kept(reading: httpx2.Client) -> None:
    answer = reading.get("/api/v1/jobs/none", headers={"x-request-id": "trace-0123.abc"})

    assert answer.headers["x-request-id"] == "trace-0123.abc"
    assert answer.json()["request_id"] == "trace-0123.abc"


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space", "new\tline", "é" * 8])
def test_an_id_that_is_no_plain_word_is_replaced(reading: httpx2.Client, given: str) -> None:
    answer = reading.get("/health/live", headers={"x-request-id": given.encode()})

    assert answer.headers["x-request-id"] != given


def test_an_answer_to_what_nobody_expected_has_it_too(
    api: httpx2.Client, warehouse: Engine
) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql("drop table ops.jobs")

    answer = api.get("/api/v1/jobs")

    assert (answer.status_code, answer.json()["type"]) == (500, "urn:gitinsight:problem:unexpected")
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


def test_keys_that_are_none_are_refused_before_anything_is_served() -> None:
    settings = Settings.model_validate({"auth": {"encryption_keys": "short"}})

    with pytest.raises(BrokenEnvironment, match="GITINSIGHT_AUTH__ENCRYPTION_KEYS"):
        create_app(settings, warehouse_url=NOWHERE, admin_key="key")


@pytest.mark.parametrize("host", [EVERYWHERE, "192.0.2.1", "::", "example.org"])
def test_open_reads_on_a_public_address_are_refused(host: str) -> None:
    with pytest.raises(BrokenEnvironment, match="open to everybody") as caught:
        create_app(settings_of(host, "local"), warehouse_url=NOWHERE, admin_key="key")

    assert "GITINSIGHT_AUTH__MODE=required" in str(caught.value)


@pytest.mark.parametrize(
    ("host", "mode"),
    [("127.0.0.1", "local"), ("127.8.8.8", "local"), ("::1", "local"), ("localhost", "local"),
     (EVERYWHERE, "required")],
)  # fmt: skip
def test_it_starts_where_nobody_else_reaches_it_or_everybody_needs_a_key(
    host: str, mode: str
) -> None:
    assert create_app(settings_of(host, mode), warehouse_url=NOWHERE, admin_key="key")


@pytest.mark.parametrize(
    "path",
    ["/api/v1/marts/a%00b", "/api/v1/repositories/by-name/a/b%00", "/api/v1/repositories?q=%00"],
)
def test_a_nul_is_no_part_of_a_name(reading: httpx2.Client, path: str) -> None:
    answer = reading.get(path)

    assert (answer.status_code, answer.json()["type"]) == (
        422, "urn:gitinsight:problem:invalid-request",
    )  # fmt: skip


def test_the_document_and_its_page_are_served(reading: httpx2.Client) -> None:
    assert reading.get("/openapi.json").json()["info"]["title"] == "GitInsight"
    assert "GitInsight" in reading.get("/docs").text
