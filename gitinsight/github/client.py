"""Speaks HTTP to GitHub: one request in, one typed answer or one typed error out."""

import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import httpx2
import msgspec

from gitinsight import clock
from gitinsight.errors import (
    BrokenAnswer,
    GitInsightError,
    NotVisible,
    RateLimited,
    TokenRejected,
    UnexpectedPayload,
    UpstreamUnavailable,
)
from gitinsight.github import limits
from gitinsight.github.limits import Budget
from gitinsight.github.payloads import fault, limit, sanitise
from gitinsight.github.queries import query_text

API_VERSION = "2022-11-28"
_ATTEMPTS = 5
_PASSING = re.compile(r"RESOURCE_LIMITS_EXCEEDED|something went wrong|time(d ?)?out", re.IGNORECASE)
"""GraphQL errors that a later or a smaller query may not meet."""

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
class PartialAnswer:
    """``errors`` each have the path of what is missing; ``date`` is GitHub's own clock."""

    data: dict[str, Any]
    errors: list[dict[str, Any]]
    date: datetime


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
        self._home = _origin(httpx2.URL(api_url))
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
        """GET below the API root, or a whole URL as GitHub's Link header gives it; the token stays
        with the host of the API root.
        """
        url = path if path.startswith("http") else f"{self._api_url}/{path}"
        headers = {"if-none-match": etag} if etag else {}
        request = self._http.build_request("GET", url, params=parameters, headers=headers)
        if _origin(request.url) != self._home:
            request.headers.pop("authorization", None)
        return self._send(request, bucket="core")

    def query(self, name: str, variables: Mapping[str, Any], *, text: str | None = None) -> Any:
        """Run ``queries/<name>.graphql``. Missing nodes come back as null; other errors raise."""
        answer = self._ask(name, variables, text)
        fatal = [error for error in answer.errors if error.get("type") != "NOT_FOUND"]
        if fatal:
            raise _refusal(name, fatal)
        return answer.data

    def query_in_part(
        self, name: str, variables: Mapping[str, Any], *, text: str | None = None
    ) -> PartialAnswer:
        """The same, where one part that cannot be had must not lose the others. Errors that another
        attempt or a smaller query may not meet raise, and those that are about no part.
        """
        answer = self._ask(name, variables, text)
        fatal = [one for one in answer.errors if not one.get("path") or _PASSING.search(str(one))]
        if fatal:
            raise _refusal(name, fatal)
        return answer

    def _ask(self, name: str, variables: Mapping[str, Any], text: str | None) -> PartialAnswer:
        document = text if text is not None else query_text(name)
        body = msgspec.json.encode({"query": document, "variables": dict(variables)})
        request = self._http.build_request(
            "POST", self._graphql_url, content=body, headers={"content-type": "application/json"}
        )
        sent = self._send(request, bucket="graphql")
        answer = msgspec.json.decode(sent.body)
        if not isinstance(answer, dict):
            raise UnexpectedPayload(f"GraphQL query {name}", "it answers no object")
        errors = list(answer.get("errors") or ())
        if answer.get("data") is None:
            raise _refusal(name, errors)
        return PartialAnswer(answer["data"], errors, sent.date)

    def _send(self, request: httpx2.Request, *, bucket: str) -> Answer:
        failure: GitInsightError | None = None
        for attempt in range(_ATTEMPTS):
            if attempt and not isinstance(failure, RateLimited):
                self._sleep(min(8.0, 0.3 * 2**attempt) * random.uniform(0.8, 1.2))  # noqa: S311
            started = time.monotonic()
            try:
                response = self._http.send(request)
            except httpx2.TooManyRedirects as error:
                self._record(request, bucket, started, None, cost=0, error=type(error).__name__)
                raise UnexpectedPayload(str(request.url), "it redirects without end") from error
            except httpx2.HTTPError as error:
                failure = UpstreamUnavailable(request.url.host, str(error) or type(error).__name__)
                self._record(request, bucket, started, None, cost=0, error=type(error).__name__)
                continue
            failure, answer = self._judge(request, response, bucket, started)
            if answer is not None:
                return answer
            if isinstance(failure, RateLimited):
                if attempt + 1 == _ATTEMPTS or not self._wait(failure):
                    raise failure
            elif failure is not None and not isinstance(failure, UpstreamUnavailable):
                raise failure
        raise failure or UpstreamUnavailable(request.url.host, "no answer")

    def _judge(
        self, request: httpx2.Request, response: httpx2.Response, bucket: str, started: float
    ) -> tuple[GitInsightError | None, Answer | None]:
        """Sort one response into an answer or an error, and note what it cost."""
        status, target = response.status_code, str(request.url.path)
        limited = limits.ends_at(response, bucket)
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
            error = UnexpectedPayload(target, f"HTTP {status}: {_message(response)}", status)
        else:
            error, answer = self._read(request, response)
        if (budget := limits.left(response, bucket)) is not None:
            self.budgets[budget.bucket] = budget
        cost = 0 if status == httpx2.codes.NOT_MODIFIED else 1
        if answer is not None and bucket == "graphql":
            cost = _points(answer.body)
        cost += len(response.history)  # redirects that were followed
        reason = type(error).__name__ if error else None
        self._record(request, bucket, started, response, cost=cost, error=reason)
        return error, answer

    def _read(
        self, request: httpx2.Request, response: httpx2.Response
    ) -> tuple[GitInsightError | None, Answer | None]:
        body = sanitise(response.content)
        if response.status_code == httpx2.codes.OK:
            if (reason := fault(body)) is not None:
                return BrokenAnswer(request.url.host, f"no JSON: {reason}", response.content), None
            if (reason := limit(body)) is not None:
                return UnexpectedPayload(request.url.path, reason), None
        return None, Answer(
            status=response.status_code,
            body=body,
            original=response.content,
            url=str(response.url),
            date=limits.date_of(response),
            etag=response.headers.get("etag"),
            next_url=response.links.get("next", {}).get("url"),
            last_url=response.links.get("last", {}).get("url"),
            principal=self.principal,
        )

    def _wait(self, limit: RateLimited) -> bool:
        """Sit out a limit that ends soon; any other is the caller's to plan around."""
        seconds = (limit.retry_at - clock.now()).total_seconds()
        if seconds > self._wait_seconds:
            return False
        self._on_wait(limit.bucket, limit.retry_at)
        self._sleep(max(seconds, 1.0))
        return True

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


class _RateLimit(msgspec.Struct, frozen=True):
    cost: int = 1


class _Priced(msgspec.Struct, frozen=True):
    rate_limit: _RateLimit | None = msgspec.field(default=None, name="rateLimit")


class _PricedAnswer(msgspec.Struct, frozen=True):
    data: _Priced | None = None


def _points(body: bytes) -> int:
    """What GitHub says that a query cost; every query of ours asks for it."""
    try:
        priced = msgspec.json.decode(body, type=_PricedAnswer).data
    except msgspec.ValidationError:
        return 1
    return priced.rate_limit.cost if priced and priced.rate_limit else 1


def _refusal(name: str, errors: list[dict[str, Any]]) -> GitInsightError:
    fatal = [one for one in errors if one.get("type") != "NOT_FOUND"] or errors
    reason = str(fatal[:1])
    is_passing = _PASSING.search(reason) is not None
    return (UpstreamUnavailable if is_passing else UnexpectedPayload)(
        f"GraphQL query {name}", reason
    )


def _fingerprint(token: str | None) -> str:
    return "anonymous" if token is None else blake2b(token.encode(), digest_size=8).hexdigest()


def _message(response: httpx2.Response) -> str:
    try:
        return str(msgspec.json.decode(response.content).get("message", ""))[:200]
    except (msgspec.DecodeError, AttributeError):
        return response.reason_phrase


def _origin(url: httpx2.URL) -> tuple[str, bytes]:
    return url.scheme, url.netloc
