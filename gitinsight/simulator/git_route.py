"""git's smart HTTP protocol: what a clone or a fetch asks for."""

import gzip
import subprocess

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gitinsight.git.environment import environment
from gitinsight.simulator.state import simulator_of


async def refs(request: Request) -> Response:
    head = b"001e# service=git-upload-pack\n0000"
    return await _upload_pack(request, "--advertise-refs", prefix=head, kind="advertisement")


async def pack(request: Request) -> Response:
    return await _upload_pack(request, prefix=b"", kind="result")


async def _upload_pack(request: Request, *options: str, prefix: bytes, kind: str) -> Response:
    simulator = simulator_of(request)
    found = simulator.find(request.path_params["owner"], request.path_params["name"])
    if found is None:
        return Response("Not Found", status_code=404)
    body = await request.body()
    if request.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    protocol = request.headers.get("git-protocol", "")
    command = [
        "git", "-c", "safe.directory=*", "upload-pack", "--stateless-rpc", *options,
        str(simulator.paths[found.name]),
    ]  # fmt: skip
    done = await run_in_threadpool(
        subprocess.run, command, input=body, stdout=subprocess.PIPE, check=False,
        env=environment(GIT_PROTOCOL=protocol),
    )  # fmt: skip
    if protocol.startswith("version=2"):
        prefix = b""
    return Response(
        prefix + done.stdout, media_type=f"application/x-git-upload-pack-{kind}",
        headers={"cache-control": "no-cache"},
    )  # fmt: skip
