"""The dashboard: what `make web` has built of `web/`, as files.

Every page is the same document, which sees by its address what it is to show. Where nothing is
built, a page says how to get it.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b, sha256
from mimetypes import guess_type
from pathlib import Path

from fastapi import APIRouter, Request, Response

from api import codings
from api.auth import Public
from api.envelope import is_held
from gitinsight.errors import NotFound

BUILT = Path(__file__).with_name("web")
PAGES = (
    "repositories", "compare", "search", "jobs", "completeness", "quality", "catalogue", "settings",
)  # fmt: skip
"""The first words of their addresses."""
_OF_PROGRAMS = ("/api/", "/_app/")
_DOCUMENT = "index.html"
_HASHED = "_app/immutable/"
_CODINGS = {"br": ".br", "gzip": ".gz"}
"""The best first."""
_INLINE = re.compile(rb"<(script|style)>(.*?)</\1>", re.DOTALL)
_ANNOUNCER = "'unsafe-hashes' 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='"
"""The one style in an attribute: SvelteKit hides with it what readers of screens are told."""
_UNBUILT = b"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>GitInsight</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1rem}
:root{color-scheme:light dark}</style></head>
<body><h1>The dashboard is not built here</h1>
<p>The service runs: <a href="/docs">the API and its documentation</a> are there.</p>
<p>For the dashboard, install Node.js 20.19 or later with npm, run <code>make web</code> in the
checkout, and start the service again. The wheel and the image carry it built.</p></body></html>
"""
router = APIRouter(tags=["dashboard"], include_in_schema=False)


@dataclass(frozen=True)
class File:
    """``bodies`` by their coding, the plain one under the empty name."""

    path: str
    bodies: Mapping[str, bytes] = field(repr=False)

    @cached_property
    def etag(self) -> str:
        return f'"{blake2b(self.bodies[""], digest_size=12).hexdigest()}"'

    @cached_property
    def headers(self) -> dict[str, str]:
        is_hashed = self.path.startswith(_HASHED)
        kept = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        headers = {"ETag": self.etag, "Cache-Control": kept, "Vary": "Accept-Encoding"}
        if self.path == _DOCUMENT:
            headers["Content-Security-Policy"] = policy(self.bodies[""])
        return headers

    @property
    def media_type(self) -> str:
        return guess_type(self.path)[0] or "application/octet-stream"


class Dashboard:
    """All that is built under ``built``, read once; nothing else can be asked for."""

    def __init__(self, built: Path = BUILT) -> None:
        self._built = built

    @cached_property
    def files(self) -> Mapping[str, File]:
        found = {_DOCUMENT: File(_DOCUMENT, {"": _UNBUILT})}
        for path in self._built.rglob("*"):
            if path.is_file() and path.suffix not in _CODINGS.values():
                name = path.relative_to(self._built).as_posix()
                found[name] = File(name, _bodies(path))
        return found

    def file(self, path: str) -> File:
        try:
            return self.files[path]
        except KeyError as error:
            raise NotFound(f"/{path}") from error

    def nowhere(self, request: Request) -> Response | None:
        """The document, which says that there is no such page, for somebody who looks for one;
        None for programs.
        """
        path = request.url.path
        if (
            request.method != "GET"
            or "text/html" not in request.headers.get("accept", "")
            or path.startswith(_OF_PROGRAMS)
        ):
            return None
        return _told(request, self.file(_DOCUMENT), status=404)


def policy(document: bytes) -> str:
    """Scripts and styles of ours alone: those in files, and those that stand in the document."""
    inline: dict[bytes, str] = {b"script": "", b"style": ""}
    for kind, text in _INLINE.findall(document):
        inline[kind] += f" 'sha256-{b64encode(sha256(text).digest()).decode()}'"
    return "; ".join((
        "default-src 'none'", f"script-src 'self'{inline[b'script']}",
        f"style-src 'self'{inline[b'style']}", f"style-src-attr {_ANNOUNCER}",
        "img-src 'self' data: blob:", "connect-src 'self'",
        "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
    ))  # fmt: skip


def _bodies(path: Path) -> dict[str, bytes]:
    coded = {coding: path.with_name(path.name + ending) for coding, ending in _CODINGS.items()}
    return {"": path.read_bytes()} | {
        coding: one.read_bytes() for coding, one in coded.items() if one.exists()
    }


def _answer(request: Request, path: str) -> Response:
    dashboard: Dashboard = request.app.state.dashboard
    file = dashboard.file(path)
    if is_held(request, f"W/{file.etag}"):
        return Response(status_code=304, headers=file.headers)
    return _told(request, file)


def _told(request: Request, file: File, *, status: int = 200) -> Response:
    offered = tuple(one for one in _CODINGS if one in file.bodies)
    coding = codings.wanted(request.scope, offered) or ""
    headers = {**file.headers, **({"Content-Encoding": coding} if coding else {})}
    return Response(
        file.bodies[coding], status_code=status, headers=headers, media_type=file.media_type
    )


async def page(request: Request, _: Public) -> Response:
    return _answer(request, _DOCUMENT)


router.add_api_route("/", page)
for _page in PAGES:
    for _path in (f"/{_page}", f"/{_page}/{{rest:path}}"):
        router.add_api_route(_path, page)


@router.get("/_app/{rest:path}")
async def asset(rest: str, request: Request, _: Public) -> Response:
    return _answer(request, f"_app/{rest}")


@router.get("/favicon.svg")
async def icon(request: Request, _: Public) -> Response:
    return _answer(request, "favicon.svg")
