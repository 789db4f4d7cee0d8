"""Speaks HTTP to GitHub: one request in, one typed answer or one typed error out."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from importlib.resources import files
from typing import Any

import httpx2
import msgspec

from gitinsight import clock
from gitinsight.errors import (
    GitInsightError,
    NotVisible,
    RateLimited,
    TokenRejected,
    UnexpectedPayload,
    UpstreamUnavailable,
)
from gitinsight.github.payloads import sanitise

API_VERSION = "2022-11-28"
_ATTEMPTS = 5
_SECONDARY_WAIT = 60.0
"""GitHub asks for a minute at least where it names no time."""

Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One line of the ledger of calls; ``cost`` is what GitHub charges, 0 for a 304."""

    at: datetime
    principal: str
    bucket: str
    path: str
    status: int
    cost: int
    milliseconds: int
    bytes: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is valid JSON, empty where nothing was modified; ``date`` is GitHub's own clock."""

    status: int
    body: bytes
    original: bytes
    url: str
    date: datetime
    etag: str | None
    next_url: str | None
    last_url: str | None
    principal: str

    @property
    def is_unmodified(self) -> bool:
        return self.status == httpx2.codes.NOT_MODIFIED

    @property
    def is_sanitised(self) -> bool:
        return self.body != self.original


@dataclass(frozen=True, slots=True)
class Budget:
    bucket: str
    remaining: int
    reset_at: datetime


class GitHubClient:
    """Safe to share between threads. Waits only for limits that end soon, and says so."""

    def __init__(
        self,
        *,
        api_url: str,
        graphql_url: str,
        token: str | None,
        timeout_seconds: float = 30.0,
        wait_seconds: int = 120,
        sleep: Sleep = time.sleep,
        on_wait: Callable[[str, datetime], None] = lambda _bucket, _until: None,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._graphql_url = graphql_url
        self._wait_seconds = wait_seconds
        self._sleep = sleep
        self._on_wait = on_wait
        self.principal = _fingerprint(token)
        self.has_token = token is not None
        self._lock = threading.Lock()
        self._records: list[RequestRecord] = []
        self.budgets: dict[str, Budget] = {}
        headers = {
            "accept": "application/vnd.github+json",
            "user-agent": "gitinsight",
            "x-github-api-version": API_VERSION,
        }
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        self._http = httpx2.Client(
            headers=headers, timeout=timeout_seconds, follow_redirects=True, max_redirects=3
        )

    def close(self) -> None:
        self._http.close()

    def drain(self) -> list[RequestRecord]:
        """The calls made since the last drain, for the ledger; the caller stores them."""
        with self._lock:
            records, self._records = self._records, []
        return records

    def get(
        self, path: str, parameters: Mapping[str, str] | None = None, *, etag: str | None = None
    ) -> Answer:
        """GET below the API root, or a whole URL as GitHub's Link header gives it."""
        url = path if path.startswith("http") else f"{self._api_url}/{path}"
        headers = {"if-none-match": etag} if etag else {}
        request = self._http.build_request("GET", url, params=parameters, headers=headers)
        return self._send(request, bucket="core")

    def query(self, name: str, variables: Mapping[str, Any], *, text: str | None = None) -> Any:
        """Run ``queries/<name>.graphql``. Missing nodes come back as null; other errors raise."""
        document = text if text is not None else query_text(name)
        body = msgspec.json.encode({"query": document, "variables": dict(variables)})
        request = self._http.build_request(
            "POST", self._graphql_url, content=body, headers={"content-type": "application/json"}
        )
        answer = msgspec.json.decode(self._send(request, bucket="graphql").body)
        errors = answer.get("errors") or ()
        fatal = [error for error in errors if error.get("type") != "NOT_FOUND"]
        if fatal or answer.get("data") is None:
            raise UnexpectedPayload(f"GraphQL query {name}", str((fatal or errors)[:1]))
        return answer["data"]

    def _send(self, request: httpx2.Request, *, bucket: str) -> Answer:
        failure: GitInsightError | None = None
        for attempt in range(_ATTEMPTS):
            if attempt and not isinstance(failure, RateLimited):
                self._sleep(min(8.0, 0.3 * 2**attempt) * random.uniform(0.8, 1.2))  # noqa: S311
            started = time.monotonic()
            try:
                response = self._http.send(request)
            except httpx2.HTTPError as error:
                failure = UpstreamUnavailable(request.url.host, str(error) or type(error).__name__)
                self._record(request, bucket, started, None, cost=0, error=type(error).__name__)
                continue
            failure, answer = self._judge(request, response, bucket, started)
            if answer is not None:
                return answer
            if isinstance(failure, RateLimited):
                if not self._wait(failure):
                    raise failure
            elif failure is not None and not isinstance(failure, UpstreamUnavailable):
                raise failure
        raise failure or UpstreamUnavailable(request.url.host, "no answer")

    def _judge(
        self, request: httpx2.Request, response: httpx2.Response, bucket: str, started: float
    ) -> tuple[GitInsightError | None, Answer | None]:
        """Sort one response into an answer, a permanent error (raised) or a reason to try again."""
        status, target = response.status_code, str(request.url.path)
        limited = self._limited_until(response, bucket)
        error: GitInsightError | None = None
        answer: Answer | None = None
        if limited is not None:
            error = RateLimited(bucket, limited)
        elif status == httpx2.codes.UNAUTHORIZED:
            error = TokenRejected(target)
        elif status >= httpx2.codes.INTERNAL_SERVER_ERROR:
            error = UpstreamUnavailable(request.url.host, f"HTTP {status}")
        elif status in {403, 404, 409, 410, 451}:
            error = NotVisible(target, status, _message(response))
        elif status not in {200, 304}:
            error = UnexpectedPayload(target, f"HTTP {status}: {_message(response)}")
        else:
            error, answer = self._read(request, response)
        self._note_budget(response, bucket)
        cost = 0 if status == httpx2.codes.NOT_MODIFIED else 1
        if answer is not None and bucket == "graphql":
            cost = _points(answer.body)
        reason = type(error).__name__ if error else None
        self._record(request, bucket, started, response, cost=cost, error=reason)
        return error, answer

    def _read(
        self, request: httpx2.Request, response: httpx2.Response
    ) -> tuple[GitInsightError | None, Answer | None]:
        body = sanitise(response.content)
        if response.status_code == httpx2.codes.OK:
            try:
                msgspec.json.decode(body)
            except (msgspec.DecodeError, RecursionError) as error:
                return UpstreamUnavailable(request.url.host, f"broken JSON: {error}"), None
        return None, Answer(
            status=response.status_code,
            body=body,
            original=response.content,
            url=str(response.url),
            date=_date(response),
            etag=response.headers.get("etag"),
            next_url=response.links.get("next", {}).get("url"),
            last_url=response.links.get("last", {}).get("url"),
            principal=self.principal,
        )

    def _limited_until(self, response: httpx2.Response, bucket: str) -> datetime | None:
        """When this limit ends, by GitHub's own clock; None where no limit was hit."""
        status, headers = response.status_code, response.headers
        graphql_limited = (
            bucket == "graphql" and status == httpx2.codes.OK and _says_limited(response.content)
        )
        if status not in {403, 429} and not graphql_limited:
            return None
        moment = _date(response)
        if retry_after := headers.get("retry-after"):
            return moment + timedelta(seconds=_clamp(_retry_after(retry_after, moment)))
        if headers.get("x-ratelimit-remaining") == "0" and "x-ratelimit-reset" in headers:
            reset = datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC)
            return moment + timedelta(seconds=_clamp((reset - moment).total_seconds() + 1))
        if graphql_limited or status == httpx2.codes.TOO_MANY_REQUESTS:
            return moment + timedelta(seconds=_SECONDARY_WAIT)
        if b"secondary rate" in response.content.lower():
            return moment + timedelta(seconds=_SECONDARY_WAIT)
        return None

    def _wait(self, limit: RateLimited) -> bool:
        """Sit out a limit that ends soon; any other is the caller's to plan around."""
        seconds = (limit.retry_at - clock.now()).total_seconds()
        if seconds > self._wait_seconds:
            return False
        self._on_wait(limit.bucket, limit.retry_at)
        self._sleep(max(seconds, 1.0))
        return True

    def _note_budget(self, response: httpx2.Response, bucket: str) -> None:
        headers = response.headers
        if "x-ratelimit-remaining" in headers and "x-ratelimit-reset" in headers:
            self.budgets[headers.get("x-ratelimit-resource", bucket)] = Budget(
                headers.get("x-ratelimit-resource", bucket),
                int(headers["x-ratelimit-remaining"]),
                datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC),
            )

    def _record(
        self,
        request: httpx2.Request,
        bucket: str,
        started: float,
        response: httpx2.Response | None,
        *,
        cost: int,
        error: str | None,
    ) -> None:
        status = response.status_code if response is not None else 0
        record = RequestRecord(
            at=clock.now(),
            principal=self.principal,
            bucket=bucket,
            path=request.url.path,
            status=status,
            cost=cost,
            milliseconds=int((time.monotonic() - started) * 1000),
            bytes=len(response.content) if response is not None else 0,
            error=error,
        )
        with self._lock:
            self._records.append(record)


def query_text(name: str) -> str:
    return (files("gitinsight.github") / "queries" / f"{name}.graphql").read_text("utf-8")


class _RateLimit(msgspec.Struct, frozen=True):
    cost: int = 1


class _Priced(msgspec.Struct, frozen=True):
    rate_limit: _RateLimit = msgspec.field(default=_RateLimit(), name="rateLimit")


class _PricedAnswer(msgspec.Struct, frozen=True):
    data: _Priced | None = None


def _points(body: bytes) -> int:
    """What GitHub says that a query cost; every query of ours asks for it."""
    priced = msgspec.json.decode(body, type=_PricedAnswer).data
    return priced.rate_limit.cost if priced is not None else 1


def _says_limited(body: bytes) -> bool:
    """Whether GraphQL refused for a limit; the words alone may be somebody's commit message."""
    if b"RATE_LIMIT" not in body:
        return False
    try:
        errors = msgspec.json.decode(body).get("errors") or ()
    except (msgspec.DecodeError, AttributeError):
        return False
    return any(str(error.get("type", "")).startswith("RATE_LIMIT") for error in errors)


def _fingerprint(token: str | None) -> str:
    return "anonymous" if token is None else blake2b(token.encode(), digest_size=8).hexdigest()


def _message(response: httpx2.Response) -> str:
    try:
        return str(msgspec.json.decode(response.content).get("message", ""))[:200]
    except (msgspec.DecodeError, AttributeError):
        return response.reason_phrase


def _date(response: httpx2.Response) -> datetime:
    text = response.headers.get("date")
    return parsedate_to_datetime(text) if text else clock.now()


def _retry_after(text: str, moment: datetime) -> float:
    if text.isdigit():
        return float(text)
    return (parsedate_to_datetime(text) - moment).total_seconds()


def _clamp(seconds: float) -> float:
    return min(max(seconds, 1.0), 3600.0)
