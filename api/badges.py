"""Badges: one figure of a repository as a small image, for anybody's page."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import drawing, limits
from api.auth import Public, address_of
from api.envelope import conditional
from api.limits import Limits
from api.pictures import SVG, image_of
from api.session import read
from gitinsight.errors import NotFound
from gitinsight.metrics import catalogue
from gitinsight.metrics.catalogue import Metric
from warehouse import repositories, values
from warehouse.engine import Connection
from warehouse.shapes import Shapes

router = APIRouter(prefix="/badge", tags=["pictures"])
_HEALTH = "health-score"
_A_MINUTE = 300
"""For one address: a page has some of them, and who fetches them may be many people's proxy."""
_PUBLIC: frozenset[int] = frozenset()
_KEPT = "public, max-age=300"


@router.get("/{owner}/{name}.svg", response_class=Response, responses=image_of(SVG))
async def badge(
    owner: str, name: str, request: Request, _: Public,
    metric: Annotated[str, Query(max_length=80, description="As `GET /metrics` names it.")]
    = _HEALTH,
    label: Annotated[str | None, Query(max_length=60, description="In place of its title.")] = None,
) -> Response:  # fmt: skip
    """For anybody's page, so it shows what everybody may see: of a repository that is private, or
    not followed, and of what is not known, it says `unknown`.
    """
    counts: Limits = request.app.state.limits
    left = await counts.spend(f"badges:{address_of(request)}", _A_MINUTE)
    if left.remaining < 0:
        raise limits.refused(left, detail=f"no more than {_A_MINUTE} badges a minute")
    wanted = catalogue.metric(metric)

    def value(session: Connection, shapes: Shapes) -> float | None:
        try:
            found = repositories.by_name(session, f"{owner}/{name}", readable=_PUBLIC)
            return values.value(session, found.repository_id, wanted, shapes)
        except NotFound:
            return None

    return _badge(request, wanted, await read(request, value), label or wanted.title.lower())


def _badge(request: Request, metric: Metric, value: float | None, label: str) -> Response:
    message, colour = drawing.told(value, metric.unit), drawing.BLUE
    if value is None:
        colour = drawing.GREY
    elif metric.id == _HEALTH:
        message = f"{value * 100:.0f}/100"
        colour = next(
            colour for least, colour in
            ((0.7, drawing.GREEN), (0.4, drawing.AMBER), (float("-inf"), drawing.RED))
            if value >= least
        )  # fmt: skip
    return conditional(
        request, drawing.badge(label, message, colour).encode, media_type=SVG, kept=_KEPT,
        version=f"{message} {colour} {label}",
    )  # fmt: skip
