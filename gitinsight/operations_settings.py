"""The part of the configuration that is about running; ``gitinsight/settings.py`` reads it."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from gitinsight.setting_kinds import HTTP, WholeSeconds, address

_FROZEN = ConfigDict(frozen=True, extra="forbid")
_CRON = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Minute, hour, day, month, day of the week."""
NEVER = "never"
Trouble = Literal["failed", "partial", "stale", "quality"]
TROUBLES: tuple[Trouble, ...] = ("failed", "partial", "stale", "quality")


class OrchestratorSettings(BaseModel):
    """Where Prefect is, what runs at once, and what runs when: five fields of cron, in UTC, or
    ``never``. What is changed in Prefect's UI stays changed until the setting changes, too.
    """

    model_config = _FROZEN

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 4200
    api_url: Annotated[str, HTTP] | None = None
    """A Prefect server somewhere else; unset means the embedded one on ``host`` and ``port``."""
    concurrency: int = Field(2, ge=1, le=256)
    """Analyses at once; each is a process of up to 450 MB."""
    refresh_cron: str = "0 3 * * *"
    """When everything that is followed is looked at, and what has changed is analysed."""
    discover_cron: str = "20 * * * *"
    """When organisations are asked for new repositories; a listing without one costs nothing."""
    sweep_cron: str = "0 1 * * *"
    """When records that GitHub may have deleted without a word are asked for, a seventh a day."""
    quality_cron: str = "0 5 * * 0"
    """When what is held is checked again without reading anything."""
    retention_cron: str = "30 2 * * *"
    """When rows that are not kept for ever go."""
    retrain_cron: str = NEVER
    """When models are trained anew, for which ``training.data_dir`` has to be set."""
    dask_address: Annotated[str, address("tcp://", "tls://", needs_host=True)] | None = None
    """The scheduler of a Dask cluster (tcp://HOST:8786) whose workers read the texts of many
    repositories at once; unset: they are read where the flow runs."""
    giant_records: int = Field(50_000, ge=1, le=2_000_000_000)
    """From about so many records on a repository is a giant: all places but one may be taken by
    giants, so that the others never wait for them."""
    lease_seconds: WholeSeconds = 30
    """A job whose worker has not been heard of for so long is taken over."""
    warm_seconds: WholeSeconds = 600
    """So long after the last run everything that runs import stays in memory, 150 MB, and the next
    one begins at once; after that it takes some seconds."""

    @field_validator(
        "refresh_cron", "discover_cron", "sweep_cron", "quality_cron", "retention_cron",
        "retrain_cron",
    )  # fmt: skip
    @classmethod
    def _is_cron(cls, value: str) -> str:
        if value != NEVER and not _is_schedule(value):
            raise ValueError(f"{value!r} is neither five fields of cron nor `{NEVER}`")
        return value

    @property
    def url(self) -> str:
        return self.api_url or f"http://{self.host}:{self.port}/api"


class NotifySettings(BaseModel):
    """Who is told of trouble: every address that is named; without any, nobody."""

    model_config = _FROZEN

    of: Annotated[tuple[Trouble, ...], NoDecode] = TROUBLES
    """What is told: analyses that failed, missed something, or did not pass the quality gate, and
    figures that have become too old."""
    webhook_url: Annotated[SecretStr, HTTP] | None = None
    """Is sent JSON by POST."""
    webhook_secret: SecretStr | None = None
    """Signs it: HMAC-SHA256 of the body in X-GitInsight-Signature-256."""
    slack_url: Annotated[SecretStr, HTTP] | None = None
    """An incoming webhook of Slack, or of what takes the same: Mattermost, Discord's /slack."""
    smtp_host: str | None = None
    smtp_port: Annotated[int, Field(ge=1, le=65_535)] = 587
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = True
    """Off only for a server on this machine: a password would go in the clear."""
    email_from: str = "gitinsight@localhost"
    email_to: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("of", "email_to", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @model_validator(mode="after")
    def _can_send(self) -> Self:
        if (self.smtp_host is None) != (not self.email_to):
            raise ValueError(
                "GITINSIGHT_NOTIFY__SMTP_HOST and GITINSIGHT_NOTIFY__EMAIL_TO belong together"
            )
        return self


def _is_schedule(text: str) -> bool:
    fields = text.split()
    return (
        len(fields) == len(_CRON)
        and re.fullmatch(r"[\w*/,\- ]+", text) is not None
        and all(
            low <= int(number) <= high
            for field, (low, high) in zip(fields, _CRON, strict=True)
            for number in re.findall(r"(?<![\w/])\d+", field, re.ASCII)  # behind / it is a step
        )
    )
