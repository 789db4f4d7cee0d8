"""The application: routes, errors, request ids, and the one connection that listens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta
from functools import cache, partial
from hashlib import blake2b
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

from anyio import CapacityLimiter
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from api import (
    ai,
    api_keys,
    ask,
    audit,
    badges,
    budgets,
    code,
    dashboard,
    duplicates,
    errors,
    figures,
    health,
    identities,
    jobs,
    jwks,
    logins,
    marts,
    metrics,
    organisations,
    overview,
    pictures,
    prometheus,
    removals,
    reports,
    repositories,
    search,
    sql,
    streams,
    tickets,
    trends,
    users,
    values,
    webhooks,
)  # fmt: skip
from api.agents import Agents
from api.answers import Answers
from api.auth import Access
from api.bodies import Bodies
from api.bodiless import Bodiless, methods
from api.compressed import Compressed
from api.counters import Counters
from api.credentials import Credentials
from api.dashboard import Dashboard
from api.fast import routes as fast_routes
from api.fast.fast import Fast
from api.fast.heads import plain_id
from api.fast.searches import Searches
from api.fast.second import SharedSummaries
from api.fast.summaries import Summaries
from api.guard import Guarded
from api.hosts import Hosts
from api.kept import Kept
from api.limits import Limits, Streams
from api.live import Channels
from api.meaning import Meaning
from api.openapi import Documented
from api.readable import ReadableRepositories
from api.session import PLACES, places_in
from api.streams import Announcer
from api.tickets import Tickets, Unwritten
from api.tokens import Tokens
from api.traced import Traced
from api.traffic import Observed, Sink, Traffic
from gitinsight.code.reading import Reader
from gitinsight.errors import BrokenEnvironment
from gitinsight.runtime import state
from gitinsight.settings import Settings
from gitinsight.vault import Vault
from warehouse import search as documents
from warehouse.engine import Engine, address, make_engine
from warehouse.shapes import Shapes
from warehouse.summaries import summaries

_STARTS = frozenset({"http.response.start", "websocket.http.response.start"})
_API = "/api/v1"
PARTS = (
    *((part, _API) for part in (
        repositories, removals, organisations, overview, figures, trends, search, fast_routes,
        marts, metrics, ai, ask, code, duplicates, sql, jobs, streams, webhooks, logins, tickets,
        users, api_keys, audit, values, pictures, reports, identities, budgets,
    )),
    (badges, ""), (health, ""), (prometheus, ""), (jwks, ""), (dashboard, ""),
)  # fmt: skip


def create_app(
    settings: Settings, *, warehouse_url: str, admin_key: str | None, shared: Path | None = None,
    sink: Sink | None = None,
) -> FastAPI:  # fmt: skip
    """``shared`` is where processes of one address count together, ``sink`` takes a line for each
    answer.
    """
    check_address(settings)
    app = Documented(lifespan=_lifespan)
    app.state.settings = settings
    app.state.warehouse = make_engine(warehouse_url, process="api", pool_size=PLACES)
    credentials = _admitting(app, settings, admin_key)
    app.state.places = CapacityLimiter(PLACES)
    app.state.sql_turns = CapacityLimiter(sql.AT_ONCE)
    app.state.export_turns = CapacityLimiter(marts.AT_ONCE)
    app.state.code_turns = CapacityLimiter(code.AT_ONCE)
    app.state.reader = Reader()
    app.state.questions = CapacityLimiter(ask.AT_ONCE)
    errors.install(app)
    names: dict[int, str] = {}
    app.state.methods = [
        (compile_path(path)[0], methods(path, route.methods or set()))
        for part, prefix in PARTS
        for route in part.router.routes
        if isinstance(route, APIRoute)
        for path in [f"{prefix}{route.path}"]
    ]
    for part, prefix in PARTS:
        app.include_router(part.router, prefix=prefix, dependencies=[Depends(_is_text)])
        names |= {id(one): f"{prefix}{getattr(one, 'path', '')}" for one in part.router.routes}
    agents = Agents(app.state, settings.api)
    app.router.routes.append(agents.route)
    app.state.methods.append((agents.route.path_regex, agents.route.methods))
    names[id(agents.route)] = agents.route.path
    app.state.traffic = Traffic(names.values(), directory=shared and shared / "traffic", sink=sink)
    app.state.counters = Counters(shared and shared / "counters")
    if settings.redis.url is not None:
        app.state.second = SharedSummaries(
            settings.redis.url.get_secret_value(),
            name=_named(app.state.warehouse),
            counters=app.state.counters,
        )
    else:
        app.state.second = None
    kept = Summaries(partial(summaries, app.state.warehouse), second=app.state.second)
    searches = Searches(
        settings.state_dir / "search" / _named(app.state.warehouse),
        versions=partial(documents.versions, app.state.warehouse),
        documents=partial(documents.documents, app.state.warehouse),
        shared=None if credentials.is_open else frozenset(),
    )
    app.state.meaning = Meaning(settings.state_dir)
    app.state.fast = Fast(app.state.access, kept, searches, app.state.traffic)
    app.state.agents = agents
    app.state.dashboard = Dashboard()
    app.state.channels = Channels()
    app.state.pulse = health.Pulse()
    app.state.shapes, app.state.answers = Shapes(), Answers()
    app.state.announcer = Announcer(
        warehouse_url, kept, searches, app.state.shapes, app.state.answers,
        channels=app.state.channels, watching=app.state.pulse, remembered=credentials,
        make_room=partial(_make_room, app.state.places, settings.api.workers),
    )  # fmt: skip
    app.add_middleware(Compressed)
    app.add_middleware(Kept, access=app.state.access)
    app.add_middleware(Bodies, settings=settings.api, streamed={f"{_API}{webhooks.PATH}"})
    app.add_middleware(
        Observed, traffic=app.state.traffic, names=names, secretive={logins.CALLBACK}
    )
    app.add_middleware(Guarded, engine=app.state.warehouse, names=names)
    if settings.api.cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.api.cors_origins, allow_headers=["*"],
            allow_methods=["*"], expose_headers=["ETag", "RateLimit", "Retry-After"],
        )  # fmt: skip
    app.add_middleware(Bodiless)
    app.add_middleware(Traced, names=names)
    app.add_middleware(Unwritten)
    app.add_middleware(RequestIds)
    return app


def check_address(settings: Settings) -> None:
    if settings.auth.mode == "local" and not _is_loopback(settings.api.host):
        raise BrokenEnvironment(
            f"the API would be open to everybody on {settings.api.host}",
            "set GITINSIGHT_AUTH__MODE=required or bind to 127.0.0.1",
        )


def _admitting(app: FastAPI, settings: Settings, admin_key: str | None) -> Credentials:
    """What knows who comes in. No secret is read, and none made, before it is needed."""
    auth, engine = settings.auth, app.state.warehouse
    app.state.vault = cache(partial(_vault, settings))
    if auth.encryption_keys:
        app.state.vault()  # else a key that is none is told to whoever logs in first
    app.state.tokens = Tokens(
        engine, app.state.vault, issuer=auth.public_url or "gitinsight",
        life=timedelta(minutes=auth.access_minutes),
    )  # fmt: skip
    app.state.readable = ReadableRepositories(engine, app.state.vault, logins.client_of(settings))
    credentials = Credentials(
        admin_key=admin_key, is_open=auth.mode == "local", engine=engine,
        tokens=app.state.tokens, readable=app.state.readable.of,
    )  # fmt: skip
    redis = settings.redis.url
    app.state.limits = Limits(
        None if redis is None else redis.get_secret_value(), name=_named(engine)
    )
    app.state.streams = Streams(auth.streams_at_once if auth.mode == "required" else 0)
    app.state.tickets = Tickets(engine, app.state.vault)
    app.state.access = Access(
        auth, credentials, app.state.limits, app.state.tickets, Hosts(settings.api.hosts)
    )
    return credentials


def _vault(settings: Settings) -> Vault:
    keys = [one.get_secret_value() for one in settings.auth.encryption_keys]
    return Vault(keys or [state.encryption_key(settings.state_dir)])


def _make_room(places: CapacityLimiter, processes: int, room: int) -> None:
    places.total_tokens = places_in(room, processes=processes)


def _named(engine: Engine) -> str:
    """A word for a warehouse, the same for everybody who has the same one."""
    at = address(engine)
    return blake2b(f"{at.host}:{at.port}/{at.database}".encode(), digest_size=8).hexdigest()


def _lifespan(app: FastAPI) -> AbstractAsyncContextManager[dict[str, object]]:
    return _listening(app)


@asynccontextmanager
async def _listening(app: FastAPI) -> AsyncIterator[dict[str, object]]:
    """What it yields is the state of every request, and of every connection of the server."""
    announcer: Announcer = app.state.announcer
    searches: Searches = app.state.fast.searches
    searches.start()
    tasks = [asyncio.create_task(announcer.run(), name="announcements")]
    if app.state.second is not None:
        tasks.append(asyncio.create_task(app.state.second.watch(), name="redis"))
    try:
        async with app.state.agents.running():
            yield {
                "fast": app.state.fast, "counters": app.state.counters,
                "body_seconds": app.state.settings.api.body_seconds,
            }  # fmt: skip
    finally:
        app.state.channels.close()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await run_in_threadpool(searches.stop)
        app.state.reader.close()
        app.state.traffic.flush()
        if app.state.second is not None:
            await app.state.second.close()
        await app.state.limits.close()
        app.state.warehouse.dispose()


class RequestIds:
    """Every answer and every line of the log carries an id: the caller's own in ``X-Request-Id``
    where it is a plain word.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        request_id = plain_id(given) or uuid4().hex.encode()
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        bind_contextvars(request_id=request_id.decode())

        async def send_with_id(message: Message) -> None:
            if message["type"] in _STARTS:
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        await self._app(scope, receive, send_with_id)


async def _is_text(connection: HTTPConnection) -> None:
    """PostgreSQL has no NUL in its text."""
    if "\0" in unquote(f"{connection.url.path}?{connection.url.query}"):
        raise RequestValidationError([{"loc": ("path",), "msg": "a NUL is no part of a name"}])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
