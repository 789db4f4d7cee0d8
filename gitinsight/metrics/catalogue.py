"""What each metric means: one file each in this folder, for the API, the docs, dbt and `impact`."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from gitinsight.errors import NotFound

_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
_Table = Annotated[str, StringConstraints(pattern=r"^(marts|insights)\.[a-z_]+$")]
_Column = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reference(_Told):
    """Whose definition it is: CHAOSS, DORA, ..., or ours."""

    name: _Words
    url: str | None = None


class Version(_Told):
    """``formula`` is SQL with one row per repository: ``repository_id`` and ``value``, which is
    null where it is not known. ``sources`` are the tables it reads, and of each the columns.
    """

    version: Annotated[int, Field(ge=1)]
    words: _Words
    formula: _Words
    sources: Annotated[Mapping[_Table, tuple[str, ...]], Field(min_length=1)]


class EarlierVersion(Version):
    """``replaced`` says why there is a later one."""

    replaced: _Words


class Metric(Version):
    """``column`` is that of a mart which holds it, and which these words describe."""

    id: _Name
    title: _Words
    unit: Literal["count", "ratio", "hours", "days", "lines"]
    better: Literal["lower", "higher"] | None = None
    column: _Column | None = None
    edge_cases: Annotated[tuple[_Words, ...], Field(min_length=1)]
    reference: Reference
    earlier: tuple[EarlierVersion, ...] = ()

    @model_validator(mode="after")
    def _versions_have_no_gap(self) -> Self:
        versions = [one.version for one in self.versions]
        if versions != list(range(1, len(versions) + 1)):
            raise ValueError(f"the versions of {self.id} are {versions}, not 1, 2, ... in order")
        return self

    @property
    def definition(self) -> str:
        return f"{self.id}@{self.version}"

    @property
    def versions(self) -> tuple[Version, ...]:
        """From the first to the one that holds."""
        return (*self.earlier, self)


@cache
def metrics() -> Mapping[str, Metric]:
    """All of them by their ids, in order."""
    found = (
        read(entry.name, entry.read_text("utf-8"))
        for entry in files("gitinsight.metrics").iterdir()
        if entry.name.endswith(".yml")
    )
    return {one.id: one for one in sorted(found, key=lambda one: one.id)}


def metric(metric_id: str) -> Metric:
    found = metrics().get(metric_id)
    if found is None:
        raise NotFound(f"metric {metric_id}")
    return found


def version(definition: str) -> Version:
    """What ``bus-factor@1`` means; without a number the version that holds."""
    metric_id, _, number = definition.partition("@")
    found = metric(metric_id)
    if not number:
        return found
    for one in found.versions:
        if str(one.version) == number:
            return one
    raise NotFound(f"version {number} of metric {metric_id}")


def definition_of(name: str) -> str | None:
    """That of a series or an insight by its name in an address, ``commits_human_count`` as well as
    ``bus_factor``; null where it is no metric.
    """
    words = name.removesuffix("_count").removesuffix("_human")
    found = metrics().get(words.replace("_", "-"))
    return found.definition if found else None


def definition_of_column(mart: str, column: str) -> str | None:
    """That of the metric which a column of a mart holds; null where it holds none."""
    held = f"{mart}.{column}"
    return next((one.definition for one in metrics().values() if one.column == held), None)


def read(name: str, text: str) -> Metric:
    """A file's metric; ValueError where it is none, or has another name than its file."""
    told: Any = yaml.safe_load(text)
    found = Metric.model_validate(told)
    if name != f"{found.id.replace('-', '_')}.yml":
        raise ValueError(f"{name} is the metric {found.id}")
    return found
