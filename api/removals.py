"""What is followed no more."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from api.auth import Writer
from api.session import engine_of
from gitinsight.clock import now
from warehouse import removal

router = APIRouter(prefix="/repositories", tags=["repositories"])


class Removing(BaseModel):
    """What is left of it is being erased."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "repository_id": 3, "full_name": "octocat/hello-world", "state": "erasing",
                    "requested_at": "2026-11-23T12:00:00Z",
                }
            ]
        }
    )  # fmt: skip

    repository_id: int
    full_name: str
    state: Literal["erasing"]
    requested_at: datetime


@router.delete("/{repository_id}", status_code=202, response_model=Removing)
def remove(repository_id: int, request: Request, writer: Writer) -> dict[str, Any]:
    """Follow it no more: nothing of it is shown from now on, a job that runs is cancelled, and
    everything that is held of it is erased soon. It stays away until somebody adds it again.
    """
    begun = removal.begin(
        engine_of(request), repository_id, by=writer.name, at=now(), readable=writer.readable
    )
    return {
        "repository_id": begun.repository_id, "full_name": begun.full_name, "state": "erasing",
        "requested_at": begun.requested_at,
    }  # fmt: skip
