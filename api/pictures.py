"""Series of figures as images."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from api import drawing
from api.auth import Reader
from api.drawing import Theme
from api.envelope import CONDITIONAL, answer
from gitinsight.metrics import catalogue
from warehouse import ledger, marts, repositories
from warehouse.engine import Connection
from warehouse.ledger import Standing
from warehouse.shapes import Shapes

router = APIRouter(tags=["pictures"])
SVG = "image/svg+xml"
IMAGE: dict[int | str, dict[str, Any]] = {
    200: CONDITIONAL[200] | {"content": {SVG: {"schema": {"type": "string"}}}},
    304: CONDITIONAL[304],
}


@router.get(
    "/repositories/{repository_id}/charts/{metric}.svg", response_class=Response, responses=IMAGE
)
async def chart(
    repository_id: int, metric: str, request: Request, reader: Reader,
    first: Annotated[date | None, Query(alias="from", description="First day.")] = None,
    last: Annotated[date | None, Query(alias="to", description="Last day.")] = None,
    every: Literal["day", "week", "month"] = "week",
    actors: Literal["human", "all"] = "all", theme: Theme = "light",
) -> Response:  # fmt: skip
    """The series of `GET /repositories/{repository_id}/metrics/{metric}` as an image, with the
    instant that it describes.
    """

    def body(session: Connection, shapes: Shapes, standing: Standing) -> bytes:
        rows = marts.series(
            session, repository_id, metric, first=first, last=last, every=every, actors=actors,
            shape=shapes.of(session, "daily_activity"),
        )  # fmt: skip
        full_name = repositories.by_id(session, repository_id).full_name
        return drawing.chart(
            [(row["at"], row["value"]) for row in rows],
            title=f"{_title(metric)} by {every}, {full_name}", theme=theme,
            note=_note(standing, actors),
        ).encode()  # fmt: skip

    return await answer(request, repository_id, reader.readable, body, media_type=SVG)


def _title(metric: str) -> str:
    definition = catalogue.definition_of(metric)
    if definition is None:
        return metric.removesuffix("_count").replace("_", " ").capitalize()
    return catalogue.metric(definition.partition("@")[0]).title


def _note(standing: ledger.Standing, actors: str) -> str:
    whose = "humans alone" if actors == "human" else "all actors"
    at = (
        "no figures yet" if standing.as_of is None else f"as of {standing.as_of:%Y-%m-%d %H:%M} UTC"
    )
    return f"{at} · {whose} · checks {standing.quality_status}"
