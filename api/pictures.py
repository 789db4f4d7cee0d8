"""Series of figures as images."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from api import drawing, raster
from api.auth import Reader
from api.drawing import Theme
from api.envelope import CONDITIONAL, Read, answer
from gitinsight.metrics import catalogue
from warehouse import ledger, marts, repositories
from warehouse.engine import Connection
from warehouse.ledger import Standing
from warehouse.shapes import Shapes

router = APIRouter(tags=["pictures"])
SVG = "image/svg+xml"


def image_of(media_type: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"type": "string"}}}
    return {200: CONDITIONAL[200] | {"content": content}, 304: CONDITIONAL[304]}


First = Annotated[date | None, Query(alias="from", description="First day.")]
Last = Annotated[date | None, Query(alias="to", description="Last day.")]
Every = Literal["day", "week", "month"]
Actors = Literal["human", "all"]


@router.get(
    "/repositories/{repository_id}/charts/{metric}.svg", response_class=Response,
    responses=image_of(SVG),
)  # fmt: skip
async def chart(
    repository_id: int, metric: str, request: Request, reader: Reader,
    first: First = None, last: Last = None, every: Every = "week", actors: Actors = "all",
    theme: Theme = "light",
) -> Response:  # fmt: skip
    """The series of `GET /repositories/{repository_id}/metrics/{metric}` as an image, with the
    instant that it describes.
    """
    drawn = _drawn(repository_id, metric, first, last, every, actors, theme)
    return await answer(request, repository_id, reader.readable, drawn, media_type=SVG)


@router.get(
    "/repositories/{repository_id}/charts/{metric}.png", response_class=Response,
    responses=image_of(raster.PNG),
)  # fmt: skip
async def chart_as_pixels(
    repository_id: int, metric: str, request: Request, reader: Reader,
    first: First = None, last: Last = None, every: Every = "week", actors: Actors = "all",
    theme: Theme = "light",
    scale: Annotated[int, Query(ge=1, le=3, description="1 is 720 by 300 pixels.")] = 2,
) -> Response:  # fmt: skip
    """The same as the SVG, for wherever no SVG is shown: mail, chat, slides."""
    return await answer(
        request, repository_id, reader.readable,
        _drawn(repository_id, metric, first, last, every, actors, theme),
        media_type=raster.PNG, made=partial(raster.png, scale=scale),
    )  # fmt: skip


def _drawn(
    repository_id: int, metric: str, first: date | None, last: date | None, every: Every,
    actors: Actors, theme: Theme,
) -> Read:  # fmt: skip
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

    return body


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
