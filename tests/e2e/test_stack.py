"""The whole stack as a user starts it: what it serves, what it survives, what it leaves behind."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from websockets.sync.client import connect

from gitinsight.runtime.process import free_port
from gitinsight.settings import Settings
from gitinsight.simulator import serve
from gitinsight.simulator.organisation import Organisation, truth
from tests.support.commands import command, gitinsight, variables
from tests.support.github import GitHub
from tests.support.stack import Running, until, up
from tests.support.waiting import wait_for

pytestmark = pytest.mark.timeout(600)

NAME = "synthetic-labs/aurora"
OTHER = "synthetic-labs/borealis"
TRUTH = truth(Organisation().repositories["aurora"])
_RECOVERY_SECONDS = 60
_IDLE_MEGABYTES = 700
_PROCESS_MEGABYTES = 450


@pytest.fixture(scope="module")
def github(shared_dir: Path) -> Iterator[GitHub]:
    with serve.serving(git_dir=shared_dir / "stack-git") as served, GitHub(served.url) as github:
        yield github


@pytest.fixture(scope="module")
def running(shared_dir: Path, github: GitHub) -> Iterator[Running]:
    addresses = {"api_url": github.url, "clone_url": github.clone_url}
    with up(shared_dir / "stack", NAME, OTHER, github=addresses) as running:
        yield running


def test_the_first_table_shows_what_was_found(running: Running) -> None:
    shown = [" ".join(line.split()) for line in running.printed]

    row = next(line for line in shown if line.startswith(NAME))
    assert row.startswith(f"{NAME}* succeeded {TRUTH['issues']} {TRUTH['pull_requests']} 240 ")
    assert any(line.startswith("* synthetic") for line in shown)
    assert any(line.startswith(f"API {running.url}/docs") for line in shown)


def test_the_api_serves_what_github_has(running: Running) -> None:
    summary = running.get(f"/api/v1/repositories/{running.id_of(NAME)}/summary")

    found = {name: summary["data"][f"{name}_count"] for name in TRUTH}
    assert found == TRUTH
    assert summary["meta"]["quality"]["status"] == "passed"
    assert summary["meta"]["coverage"]["issues"]["ratio"] == 1.0


def test_an_unchanged_repository_is_done_in_no_time(running: Running) -> None:
    running.analyse(OTHER)

    job = running.analyse(OTHER)

    seconds = job["outcome"]["seconds"]
    assert job["outcome"]["is_unchanged"]
    assert job["outcome"]["requests"] <= 6
    assert job["outcome"]["cost"] == 0
    assert "transform" not in seconds
    assert seconds["extract"] < 3


def test_a_change_reaches_readers_and_tells_of_itself_on_the_way(
    running: Running, github: GitHub
) -> None:
    repository_id = running.id_of(NAME)
    before = running.get(f"/api/v1/repositories/{repository_id}/summary")["data"]["issues_count"]
    github.change(NAME, "new_issue")
    events: list[dict[str, Any]] = []

    address = (
        f"{running.url.replace('http', 'ws')}/api/v1/stream/repository/{repository_id}/updates"
    )
    with connect(address) as socket:
        job_id = running.ask(NAME)
        while not events or events[-1]["state"] in {"queued", "running"}:
            event = json.loads(socket.recv(timeout=90))
            if event["job_id"] == job_id:
                events.append(event)

    after = running.get(f"/api/v1/repositories/{repository_id}/summary")["data"]["issues_count"]
    stages = list(dict.fromkeys(event["stage"] for event in events if event["stage"]))
    assert after == before + 1
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert stages == ["discover", "extract", "transform", "insights", "check", "publish"]


def test_the_run_is_shown_by_the_orchestrator(running: Running) -> None:
    job = running.analyse(OTHER)

    assert until(
        lambda: _state(running, job["flow_run_id"]), 30, "the flow run does not end"
    ) == "COMPLETED"  # fmt: skip
    flow_run = httpx2.get(f"{running.prefect}/api/flow_runs/{job['flow_run_id']}").json()
    browser = {"accept": "text/html"}
    page = httpx2.get(job["flow_run_url"], headers=browser, follow_redirects=True)
    assert flow_run["name"] == OTHER
    assert set(flow_run["tags"]) == {"gitinsight", OTHER, "reason:asked", "analysis"}
    assert flow_run["parameters"]["job_id"] == job["job_id"]
    assert flow_run["labels"]["gitinsight.job"] == job["job_id"]
    assert page.status_code == 200
    assert job["flow_run_url"] == f"{running.prefect}/runs/flow-run/{job['flow_run_id']}"
    assert _artifacts(running, job["flow_run_id"]) == {"result", "quality", "completeness"}


def _artifacts(running: Running, flow_run_id: str) -> set[str]:
    of_run = {"artifacts": {"flow_run_id": {"any_": [flow_run_id]}}}
    found = httpx2.post(f"{running.prefect}/api/artifacts/filter", json=of_run).json()
    return {one["key"].split("-")[0] for one in found}


def _state(running: Running, flow_run_id: str) -> str | None:
    found: str = httpx2.get(f"{running.prefect}/api/flow_runs/{flow_run_id}").json()["state_type"]
    return found if found not in {"SCHEDULED", "PENDING", "RUNNING", "CANCELLING"} else None


def test_a_cancelled_job_stops_soon_and_leaves_the_figures(running: Running) -> None:
    before = running.get(f"/api/v1/repositories/{running.id_of(NAME)}/summary")["data"]
    job_id = running.ask(NAME, full=True)
    until(
        lambda: running.get(f"/api/v1/jobs/{job_id}")["state"] == "running" or None, 60,
        "the job does not start",
    )  # fmt: skip

    running.post(f"/api/v1/jobs/{job_id}/cancel")
    job = until(lambda: _ended(running, job_id), 10, "it does not stop within ten seconds")

    after = running.get(f"/api/v1/repositories/{running.id_of(NAME)}/summary")["data"]
    assert job["state"] == "cancelled"
    assert after == before

    run_id = job["flow_run_id"]
    assert until(lambda: _state(running, run_id), 30, "its run goes on") == "CANCELLED"


def test_who_cancels_the_run_in_prefect_cancels_the_job(running: Running, github: GitHub) -> None:
    github.control(latency=1.0)  # else the job is done before anybody has heard of it
    job_id = running.ask(NAME, full=True)
    until(lambda: _is_at(running, job_id, "extract"), 60, "the job does not come that far")
    run_id = running.get(f"/api/v1/jobs/{job_id}")["flow_run_id"]

    cancelling = {"state": {"type": "CANCELLING"}, "force": False}
    httpx2.post(f"{running.prefect}/api/flow_runs/{run_id}/set_state", json=cancelling)

    job = until(lambda: _ended(running, job_id), 20, "the job goes on")
    github.control(calm=True)
    assert job["state"] == "cancelled"
    assert until(lambda: _state(running, run_id), 60, "its run goes on") == "CANCELLED"


def test_what_is_removed_at_work_is_gone_soon_and_begins_anew_when_it_is_added(
    running: Running, github: GitHub
) -> None:
    repository_id = running.id_of(OTHER)
    mirror = running.state_dir / "mirrors" / f"{repository_id}.git"
    assert mirror.exists()
    github.control(latency=1.0)
    job_id = running.ask(OTHER, full=True)
    until(lambda: _is_at(running, job_id, "extract"), 60, "the job does not come that far")
    run_id = running.get(f"/api/v1/jobs/{job_id}")["flow_run_id"]

    path = f"/api/v1/repositories/{repository_id}"
    assert running.delete(path)["state"] == "erasing"
    assert httpx2.get(f"{running.url}{path}").status_code == 404
    until(lambda: None if mirror.exists() else True, 30, "it is not erased")
    github.control(calm=True)

    assert until(lambda: _state(running, run_id), 60, "its run goes on") == "CANCELLED"
    [told] = json.loads(gitinsight(running.environment, "removals", "--json").stdout)
    assert (told["repository"], told["erased_at"] is None) == (OTHER, False)
    said = running.log("worker")
    assert not [one for one in ("_interrupted", "_not_erased", "_not_reconciled") if one in said]
    added = running.post("/api/v1/repositories", {"full_name": OTHER})
    assert added["repository_id"] != repository_id
    assert running.analyse(OTHER)["state"] == "succeeded"


def _ended(running: Running, job_id: str) -> dict[str, Any] | None:
    job: dict[str, Any] = running.get(f"/api/v1/jobs/{job_id}")
    return job if job["state"] not in {"queued", "running"} else None


def test_memory_stays_within_its_bounds(running: Running) -> None:
    until(lambda: not running.get("/api/v1/jobs", state="running")["data"] or None, 90, "busy")
    forks = {"gi run", "gi forks"}
    until(lambda: not forks & {name for name, _ in _memory(running)} or None, 120, "not idle")

    told = gitinsight(running.environment, "doctor")

    assert "postgresql" in told.stdout
    rows = _memory(running)
    assert sum(rss for _, rss in rows) < _IDLE_MEGABYTES, rows
    assert max(rss for _, rss in rows) < _PROCESS_MEGABYTES


def _memory(running: Running) -> list[tuple[str, float]]:
    """Megabytes of every process, the pages that several share counted once."""
    found = []
    for one in psutil.Process(running.process.pid).children(recursive=True):
        try:
            found.append((one.name(), one.memory_full_info().pss / 1e6))
        except psutil.NoSuchProcess:
            continue
    return found


def test_a_schedule_that_is_changed_in_prefect_fires(running: Running) -> None:
    """With versions that do not fit, Prefect's server runs and schedules nothing."""
    name = f"{running.prefect}/api/deployments/name/discover-organisations/hourly"
    deployment = httpx2.get(name).json()
    schedules = f"{running.prefect}/api/deployments/{deployment['id']}/schedules"
    schedule = f"{schedules}/{deployment['schedules'][0]['id']}"
    httpx2.patch(schedule, json={"schedule": {"interval": 10}}).raise_for_status()

    def fired() -> bool | None:
        runs = httpx2.post(
            f"{running.prefect}/api/flow_runs/filter",
            json={"flows": {"name": {"any_": ["discover-organisations"]}}},
        ).json()
        done = [one for one in runs if one["state_type"] == "COMPLETED" and one["auto_scheduled"]]
        return True if done else None

    assert until(fired, 90, "no schedule fired when it was due")
    httpx2.patch(schedule, json={"active": False}).raise_for_status()
    assert "Traceback" not in running.log("prefect")


@pytest.mark.parametrize("service", ["valkey", "api", "prefect", "postgresql", "worker"])
def test_a_service_that_is_killed_comes_back(running: Running, service: str) -> None:
    before = running.pids()[service]
    os.kill(before, signal.SIGKILL)

    until(lambda: running.pids()[service] != before or None, _RECOVERY_SECONDS, "not restarted")
    until(
        lambda: httpx2.get(f"{running.url}/health/ready").status_code == 200 or None,
        _RECOVERY_SECONDS, "the API is not ready again",
    )  # fmt: skip
    job = running.analyse(OTHER)

    assert job["state"] == "succeeded"


@pytest.mark.parametrize(
    "victims",
    [
        pytest.param(["worker", "flow"], id="worker-and-flow"),
        pytest.param(["flow"], id="flow", marks=pytest.mark.slow),
    ],
)
def test_a_job_whose_worker_is_killed_at_work_is_taken_over(
    running: Running, victims: list[str]
) -> None:
    job_id = running.ask(OTHER, full=True)
    until(lambda: _is_at(running, job_id, "transform"), 60, "the job does not come that far")
    worker = psutil.Process(running.pids()["worker"])
    flows = worker.children(recursive=True)

    for one in [*([worker] if "worker" in victims else []), *flows]:
        one.kill()
    job = until(lambda: _ended(running, job_id), 90, "nobody took it over")

    assert job["state"] == "succeeded"
    assert job["attempt"] == 2


def _is_at(running: Running, job_id: str, stage: str) -> bool | None:
    return running.get(f"/api/v1/jobs/{job_id}")["stage"] == stage or None


def test_an_interrupt_stops_everything(running: Running) -> None:
    children = psutil.Process(running.process.pid).children(recursive=True)

    running.process.send_signal(signal.SIGINT)
    code = running.process.wait(60)

    _, alive = psutil.wait_procs(children, timeout=5)
    assert code == 0
    assert [one.name() for one in alive] == []


@pytest.mark.parametrize("reached", ["run/postgres.json", "logs/worker.log"])
def test_an_interrupt_before_the_result_stops_everything_at_once(
    settings: Settings, reached: str
) -> None:
    """Of what was to be analysed nothing is known then."""
    ports = {name: free_port(0) for name in ("WAREHOUSE", "REDIS", "API", "ORCHESTRATOR")}
    changed = {f"GITINSIGHT_{name}__PORT": str(port) for name, port in ports.items()}
    told = variables(settings, GITINSIGHT_WAREHOUSE__URL="", **changed)

    with subprocess.Popen(command("up", NAME), env=told, stderr=subprocess.PIPE, text=True) as one:
        wait_for((settings.state_dir / reached).exists, seconds=_RECOVERY_SECONDS)
        children = psutil.Process(one.pid).children(recursive=True)
        one.send_signal(signal.SIGINT)
        _, err = one.communicate(timeout=20)

    _, alive = psutil.wait_procs(children, timeout=5)
    assert one.returncode == 130
    assert "gitinsight:" not in err
    assert [found.name() for found in alive] == []
