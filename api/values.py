"""The value of one metric of one repository, whichever mart or insight it comes from."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from api.auth import Reader
from api.envelope import CONDITIONAL, Envelope, answer, meta
from gitinsight.metrics import catalogue
from warehouse import values
from warehouse.engine import Connection
from warehouse.ledger import Standing
from warehouse.shapes import Shapes

router = APIRouter(tags=["figures"])


class Value(BaseModel):
    """``value`` is null where it is not known."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"value": 2, "unit": "count", "better": "higher"}]}
    )

    value: float | None
    unit: str
    better: str | None


@router.get(
    "/repositories/{repository_id}/values/{metric_id}",
    response_model=Envelope[Value], responses=CONDITIONAL,
)  # fmt: skip
async def value(repository_id: int, metric_id: str, request: Request, reader: Reader) -> Response:
    """Any metric of `GET /metrics` by its name, `bus-factor`, as its formula has it."""

    def body(session: Connection, shapes: Shapes, standing: Standing) -> dict[str, Any]:
        metric = catalogue.metric(metric_id)
        found = values.value(session, repository_id, metric, shapes)
        return {
            "data": {"value": found, "unit": metric.unit, "better": metric.better},
            "meta": meta(standing, definition=metric.definition),
        }

    return await answer(request, repository_id, reader.readable, body)
