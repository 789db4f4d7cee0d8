"""The part of the configuration that is about where GitInsight runs; ``gitinsight/settings.py``
reads it, and secrets from files by what is here.
"""

from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from gitinsight.errors import BrokenEnvironment
from gitinsight.setting_kinds import HTTP, Milliseconds, address

_FROZEN = ConfigDict(frozen=True, extra="forbid")

Port = Annotated[int, Field(ge=0, le=65_535)]


def parts(value: object) -> object:
    """What is written with commas between it."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


class WarehouseSettings(BaseModel):
    model_config = _FROZEN

    url: (
        Annotated[SecretStr, address("postgresql://", "postgres://", "postgresql+psycopg://")]
        | None
    ) = None
    """PostgreSQL 14 or later; unset means the embedded cluster under the state directory."""
    password: SecretStr | None = None
    """Goes into ``url`` where that has none, so that it may be a file of its own."""
    port: Port = 5433
    """Where the embedded cluster listens on 127.0.0.1; a free port is taken if it is in use."""
    lock_timeout_ms: Milliseconds = 5_000

    @property
    def address(self) -> str | None:
        """Of the server that is named, with its password."""
        if self.url is None:
            return None
        parts = urlsplit(url := self.url.get_secret_value())
        if self.password is None or parts.password is not None or parts.username is None:
            return url
        word = quote(self.password.get_secret_value(), safe="")
        user, _, place = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{user}:{word}@{place}"))


class RedisSettings(BaseModel):
    model_config = _FROZEN

    url: Annotated[SecretStr, address("redis://", "rediss://", "unix://")] | None = None
    port: Port = 6380


class SimulatorSettings(BaseModel):
    model_config = _FROZEN

    port: Port = 8790
    url: Annotated[str, HTTP] | None = None
    """Where the simulated GitHub answers; set for the processes of a stack that has one."""


class ArchiveSettings(BaseModel):
    model_config = _FROZEN

    sources: Annotated[tuple[str, ...], NoDecode, Field(min_length=1)] = (
        "https://data.gharchive.org/{hour}.json.gz",
    )
    """Where hours of GH Archive are, the first that has one wins: URLs, directories or files."""

    @field_validator("sources", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return parts(value)


class GatewaySettings(BaseModel):
    """What stands before the API."""

    model_config = _FROZEN

    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses or networks whose word is taken for who asks (``X-Forwarded-For``), and for
    whether it was by TLS. Nobody's by default: whoever asks could say anything."""

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return parts(value)

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ip_network(one)
        return value


class BackupSettings(BaseModel):
    """Where backups of the warehouse lie, and how many stay."""

    model_config = _FROZEN

    directory: Path | None = None
    """Unset: ``backups`` in the state directory, which is no place for the only copy."""
    keep: int = Field(7, ge=1)
    """The newest; older ones are deleted after one more was made and verified."""


def secrets_in(directory: Path, prefix: str) -> dict[str, Any]:
    """What files hold that are named as variables are, as Docker and Kubernetes mount secrets."""
    try:
        files = sorted(one for one in directory.iterdir() if one.name.startswith(prefix))
        texts = {one.name: _text(one) for one in files}
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BrokenEnvironment(
            f"the secrets in {directory} cannot be read: {reason}",
            f"make the directory readable, or unset {prefix}SECRETS_DIR",
        ) from error
    return _nested({name.removeprefix(prefix): text for name, text in texts.items() if text})


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except UnicodeDecodeError as error:
        raise BrokenEnvironment(f"the secret {file} is no text", "write it as UTF-8") from error


def _nested(texts: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in texts.items():
        *parts, last = name.lower().split("__")
        place = found
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = text
    return found
