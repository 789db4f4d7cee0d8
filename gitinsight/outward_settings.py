"""The part of the configuration about who else is told; ``gitinsight/settings.py`` reads it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from gitinsight.setting_kinds import HTTP, address

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class TracingSettings(BaseModel):
    model_config = _FROZEN

    endpoint: Annotated[str, HTTP] | None = None
    """Of a collector of OpenTelemetry that takes OTLP over HTTP; unset: nothing is traced."""
    authorization: SecretStr | None = None
    """What the collector wants to see in the header of this name."""
    sampled_ratio: float = Field(1.0, ge=0, le=1)
    """Of the traces that begin here."""


class MessagesSettings(BaseModel):
    """A message broker that events are published to, and that webhooks may come from."""

    model_config = _FROZEN

    url: Annotated[SecretStr, address("amqp://", "amqps://")] | None = None
    """Such as amqp://user:password@127.0.0.1:5672/; unset: nothing is published or consumed."""
    exchange: Annotated[str, Field(min_length=1)] = "gitinsight"
    """Of type topic; it is declared, durable, where it is not there."""
    webhook_queue: str | None = None
    """Deliveries of GitHub that somebody else has put there are taken from it; unset: none are."""

    @model_validator(mode="after")
    def _has_broker(self) -> "MessagesSettings":
        if self.webhook_queue and self.url is None:
            raise ValueError("GITINSIGHT_MESSAGES__WEBHOOK_QUEUE needs GITINSIGHT_MESSAGES__URL")
        return self
