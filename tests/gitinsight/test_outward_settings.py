"""Whoever else is told is named as a whole."""

import pytest
from pydantic import ValidationError

from gitinsight.outward_settings import MessagesSettings
from gitinsight.settings import Settings

URL = "amqp://127.0.0.1/"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"url": "http://127.0.0.1"}, "amqp://"),
        ({"webhook_queue": "deliveries"}, "needs GITINSIGHT_MESSAGES__URL"),
        ({"exchange": ""}, "at least 1 character"),
        ({"queue": "x"}, "not permitted"),
    ],
)
def test_settings_of_a_broker_that_cannot_be_right_are_refused(
    wrong: dict[str, str], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        MessagesSettings.model_validate(wrong)


def test_a_queue_of_webhooks_needs_the_secret_that_they_are_signed_with() -> None:
    queue = {"url": URL, "webhook_queue": "deliveries"}
    with pytest.raises(ValidationError, match="WEBHOOK_SECRET"):
        Settings.model_validate({"messages": queue})

    found = Settings.model_validate({"messages": queue, "github": {"webhook_secret": "x"}})
    assert found.messages.webhook_queue == "deliveries"
