"""The control panel knows what it is asked for, or says that it does not."""

import httpx2
import pytest

from tests.support.github import GitHub


def test_what_the_panel_does_not_know_is_refused(panel: GitHub) -> None:
    with pytest.raises(httpx2.HTTPStatusError, match="400"):
        panel.change("synthetic-labs/aurora", "wish")
    with pytest.raises(httpx2.HTTPStatusError, match="400"):
        panel.control(wishes=1)


def test_calm_ends_faults_limits_and_states(caller: httpx2.Client, panel: GitHub) -> None:
    panel.control(
        error_rate=1, limits={"with token": 0}, state={"synthetic-labs/aurora": "private"}
    )
    assert caller.get("repos/synthetic-labs/aurora").status_code == 502

    panel.control(calm=True)

    assert caller.get("repos/synthetic-labs/aurora").status_code == 200
