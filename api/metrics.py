"""The catalogue of definitions: what each metric means, how it is made, and from what."""

from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.auth import Reader
from gitinsight.metrics import catalogue

router = APIRouter(prefix="/metrics", tags=["metrics"])
_EXAMPLE: dict[str, Any] = {
    "definition": "bus-factor@1", "title": "Bus factor",
    "words": "The fewest humans who together made half of the commits of a year.",
    "formula": "select repository_id, caf_50_count as value from marts.repository_summary",
    "sources": {"marts.repository_summary": ["caf_50_count"]},
    "unit": "count", "better": "higher", "column": "repository_summary.caf_50_count",
    "edge_cases": ["Two humans with one commit each give 1."],
    "reference": {"name": "CHAOSS", "url": "https://chaoss.community"}, "earlier": [],
}  # fmt: skip


class Source(BaseModel):
    """Whose definition it is."""

    name: str
    url: str | None


class Earlier(BaseModel):
    """A version that holds no longer, and why not."""

    definition: str
    words: str
    formula: str
    sources: Mapping[str, list[str]]
    replaced: str


class Metric(BaseModel):
    """``formula`` gives one value per repository, null where it is not known; ``sources`` are the
    tables that it reads with their columns; ``column`` is that of a mart which holds it.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    definition: str
    title: str
    words: str
    formula: str
    sources: Mapping[str, list[str]]
    unit: str
    better: Literal["lower", "higher"] | None
    column: str | None
    edge_cases: list[str]
    reference: Source
    earlier: list[Earlier]


class Metrics(BaseModel):
    data: list[Metric]


@router.get("", response_model=Metrics)
def several(_: Reader) -> dict[str, Any]:
    """Every metric with its formula and what it reads."""
    return {"data": [told(one) for one in catalogue.metrics().values()]}


@router.get("/{metric_id}", response_model=Metric)
def one(metric_id: str, _: Reader) -> dict[str, Any]:
    """One metric by its name, `bus-factor`, with its earlier versions."""
    return told(catalogue.metric(metric_id))


def told(metric: catalogue.Metric) -> dict[str, Any]:
    found = metric.model_dump(mode="json", exclude={"id", "version"})
    for one in found["earlier"]:
        one["definition"] = f"{metric.id}@{one.pop('version')}"
    return {"definition": metric.definition, **found}
