"""What runs when, and who is told of trouble."""

import pytest
from pydantic import SecretStr

from gitinsight.operations_settings import NotifySettings, OrchestratorSettings


def test_prefect_is_on_this_machine_unless_told_otherwise() -> None:
    assert OrchestratorSettings().url == "http://127.0.0.1:4200/api"
    assert OrchestratorSettings(api_url="http://p/api").url == "http://p/api"


@pytest.mark.parametrize(
    "right", ["0 3 * * *", "*/5 1-3 * jan mon,tue", "59 23 31 12 0-7/90", "never"]
)
def test_a_schedule_is_cron_or_never(right: str) -> None:
    assert OrchestratorSettings(sweep_cron=right).sweep_cron == right


@pytest.mark.parametrize(
    "wrong",
    ["", "daily", "0 3 * *", "0 3 * * * *", "0 3 * * ;", "0 24 * * *", "0-61 3 * * *", "0 3 0 * *"],
)
def test_what_is_no_schedule_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="neither five fields of cron"):
        OrchestratorSettings(sweep_cron=wrong)


def test_addresses_are_split_at_commas() -> None:
    told = NotifySettings.model_validate(
        {"smtp_host": "h", "email_to": "a@x, b@x", "of": "failed,stale"}
    )

    assert (told.email_to, told.of) == (("a@x", "b@x"), ("failed", "stale"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"smtp_host": "h"}, {"email_to": ("a@x",)}, {"of": "everything"},
        {"webhook_url": SecretStr("file:///etc")},
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"belong together|Input should be|begins with"):
        NotifySettings.model_validate(wrong)
