"""The routes of the fast lane, for requests that the lane does not take."""

from typing import Any

from fastapi import APIRouter, Request, Response

from api.auth import Reader
from api.envelope import CONDITIONAL, Envelope
from api.fast import heads
from api.fast.entries import JSON, Entry
from api.fast.fast import Fast

router = APIRouter(prefix="/fast", tags=["fast"])


@router.get(
    "/repositories/{repository_id}/summary", response_model=Envelope[dict[str, Any]],
    responses=CONDITIONAL,
)  # fmt: skip
async def summary(repository_id: int, request: Request, _: Reader) -> Response:
    """The row of ``marts.repository_summary``, kept ready: at most a second older than what was
    published last.
    """
    fast: Fast = request.state.fast
    return _answer(request, await fast.summaries.get(repository_id))


def _answer(request: Request, entry: Entry) -> Response:
    held = heads.held(request.headers.get("if-none-match", ""))
    if entry.etag in held or "*" in held:
        return Response(status_code=304, headers=entry.headers)
    body, headers = entry.body, entry.headers
    if entry.compressed and heads.takes_gzip(request.headers.get("accept-encoding", "")):
        body, headers = entry.compressed, {**headers, "content-encoding": "gzip"}
    return Response(body, headers=headers, media_type=JSON)
