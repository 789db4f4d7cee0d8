"""Rules and dashboards: accepted by Prometheus, about metrics that there are, and each with a page
that says what to do.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from gitinsight.settings import Settings
from tests.conftest import serving_api
from tests.support import compose
from tests.support.checkout import ROOT

PROMETHEUS = ROOT / "ops" / "prometheus"
GRAFANA = ROOT / "ops" / "grafana"
RULES: dict[str, Any] = yaml.safe_load((PROMETHEUS / "rules.yml").read_text("utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
BOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
_METRIC = re.compile(r"\b(gitinsight_[a-z_]+)")
_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (prometheus)"
)


def promtool(*arguments: str) -> str:
    done = subprocess.run(
        ["promtool", *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    for board in BOARDS:
        for panel in json.loads(board.read_text("utf-8"))["panels"]:
            yield f"{board.stem}: {panel['title']}", panel


@_promtool
def test_prometheus_takes_the_rules_and_the_configuration() -> None:
    promtool("check", "rules", "rules.yml")
    promtool("check", "config", "--syntax-only", "prometheus.yml")


@_promtool
def test_alerts_come_when_they_should_and_not_before() -> None:
    assert "SUCCESS" in promtool("test", "rules", "rules_test.yml")


def test_every_alert_has_a_case_and_a_page_of_its_own_with_symptom_check_and_action() -> None:
    cases = yaml.safe_load((PROMETHEUS / "rules_test.yml").read_text("utf-8"))["tests"]
    tested = {
        one["alertname"] for case in cases for one in case["alert_rule_test"] if one["exp_alerts"]
    }
    pages = [rule["annotations"]["runbook"] for rule in ALERTS]

    assert {rule["alert"] for rule in ALERTS} == tested
    assert len(pages) == len(set(pages))
    for rule in ALERTS:
        page = (ROOT / rule["annotations"]["runbook"]).read_text("utf-8")
        assert rule["alert"] in page
        assert "**Symptom.**" in page
        assert rule["labels"]["severity"] in {"page", "warn"}


def test_every_metric_that_is_named_is_exported(analysed: Settings) -> None:
    with serving_api(analysed) as url:
        httpx2.get(f"{url}/api/v1/repositories").raise_for_status()
        page = httpx2.get(f"{url}/metrics").raise_for_status().text

    families = list(text_string_to_metric_families(page))
    exported = {one.name for one in families} | {
        sample.name for one in families for sample in one.samples
    }
    told = " ".join(
        [str(rule["expr"]) for rule in ALERTS]
        + [target["expr"] for _, panel in panels() for target in panel["targets"]]
    )
    # A counter without a sample yet is known by its family.
    missing = {
        name for name in _METRIC.findall(told)
        if name not in exported and name.removesuffix("_total") not in exported
    }  # fmt: skip
    assert missing == set()
    assert len(set(_METRIC.findall(told))) > 15


@_promtool
@pytest.mark.parametrize(("name", "panel"), list(panels()), ids=[name for name, _ in panels()])
def test_every_panel_asks_something_that_prometheus_understands(
    name: str, panel: dict[str, Any], tmp_path: Path
) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": target["expr"]}
        for number, target in enumerate(panel["targets"])
    ]
    file = tmp_path / "panel.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panel", "rules": rules}]}))

    promtool("check", "rules", str(file))


def test_dashboards_are_provisioned_and_ask_the_source_that_is() -> None:
    sources = yaml.safe_load(
        (GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text("utf-8")
    )["datasources"]
    (provider,) = yaml.safe_load(
        (GRAFANA / "provisioning" / "dashboards" / "gitinsight.yml").read_text("utf-8")
    )["providers"]
    services = compose.read({})["services"]
    mounted = dict(volume.split(":")[:2] for volume in services["grafana"]["volumes"])

    assert {panel["datasource"]["uid"] for _, panel in panels()} == {one["uid"] for one in sources}
    assert mounted["./ops/grafana/dashboards"] == provider["options"]["path"]
    assert sources[0]["url"] == "http://prometheus:9090"
    uids = [json.loads(board.read_text("utf-8"))["uid"] for board in BOARDS]
    assert len(uids) == len(set(uids)) == 3


def test_no_two_panels_lie_on_each_other() -> None:
    for board in BOARDS:
        taken: set[tuple[int, int]] = set()
        for panel in json.loads(board.read_text("utf-8"))["panels"]:
            at = panel["gridPos"]
            cells = {
                (at["x"] + right, at["y"] + down)
                for right in range(at["w"])
                for down in range(at["h"])
            }
            assert at["x"] + at["w"] <= 24
            assert not cells & taken, panel["title"]
            taken |= cells


def test_prometheus_asks_every_process_of_the_api_with_a_key_that_is_a_file() -> None:
    told = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))
    (api,) = [one for one in told["scrape_configs"] if one["job_name"] == "gitinsight-api"]

    assert api["dns_sd_configs"][0]["names"] == ["api"]
    secret = api["authorization"]["credentials_file"].removeprefix("/run/secrets/")
    assert secret in compose.read({})["services"]["prometheus"]["secrets"]
