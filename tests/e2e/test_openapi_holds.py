"""What the OpenAPI document says of every route holds, whatever Schemathesis thinks of to ask."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from gitinsight.settings import Settings
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.github import GitHub
from tests.support.marts import publish_figures
from tests.support.people import where_people_log_in
from tests.support.rows import add_repository, claim
from warehouse.engine import Engine

CONFIG = """
# A cursor, a name or a statement may be of the right form and mean nothing: 422 says so. What needs
# a language model, or weights that are fetched, is not configured here: 503 says so.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "422", "429", "503"]
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "503"]
# What is too large for its field may be too large altogether, which is seen before it is read.
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "413", "415", "422", "429", "5xx"]
"""
_STREAMS = "/events$"
"""They end when their job does; they have tests of their own."""


@pytest.fixture
def url(state_dir: Path, database_url: str, warehouse: Engine, github: GitHub) -> Iterator[str]:
    """Two repositories with figures, where nobody may anything without a key."""
    for number in (1, 2):
        job = claim(warehouse, add_repository(warehouse, f"octo/app-{number}", github_id=number))
        publish_figures(warehouse, job)
    told = Settings.model_validate({"state_dir": state_dir, "warehouse": {"url": database_url}})
    settings = where_people_log_in(
        told, github, requests_per_minute=0, failures_per_minute=1_000_000
    )
    signed = settings.github.model_copy(update={"webhook_secret": SecretStr("s")})
    with serving_api(settings.model_copy(update={"github": signed})) as url:
        yield url


def check(url: str, home: Path, *options: str, key: str | None = ADMIN_KEY) -> None:
    (home / "schemathesis.toml").write_text(CONFIG, "utf-8")
    # Made by the first who asks, for whom Schemathesis would not wait on a busy machine.
    httpx2.get(f"{url}/openapi.json", timeout=120).raise_for_status()
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("st")), "run", f"{url}/openapi.json",
            *(() if key is None else ("--header", f"Authorization: Bearer {key}")),
            "--exclude-path-regex", _STREAMS,
            "--checks", "all", "--seed", "5", "--generation-database", "none",
            "--request-timeout", "60", "--max-response-time", "60", "--no-color", *options,
        ],
        cwd=home, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_operation_is_as_it_is_told(url: str, tmp_path: Path) -> None:
    """Whatever can be systematically right or wrong of each, with a key, a wrong one and none."""
    check(url, tmp_path, "--phases", "examples,coverage")


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_whatever_is_drawn_and_one_after_the_other_too(url: str, tmp_path: Path) -> None:
    check(url, tmp_path, "--phases", "examples,coverage,fuzzing,stateful", "-n", "100")


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_it_holds_for_whoever_has_no_key_too(url: str, tmp_path: Path) -> None:
    check(url, tmp_path, "--phases", "examples,coverage,fuzzing,stateful", "-n", "30", key=None)
