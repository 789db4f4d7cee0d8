"""Speaks HTTP to GitHub: one request in, one typed answer or one typed error out."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    TransientError,
    UnexpectedPayload,
    UpstreamUnavailable,
)
from gitinsight.github import limits
from gitinsight.github.governor import Grant
from gitinsight.github.limits import Budget, Verdict
from gitinsight.github.pace import Outcome
from gitinsight.github.payloads import fault, sanitise, value
from gitinsight.github.principals import Principal, last
from gitinsight.github.queries import query_text
from gitinsight.github.refusals import is_passing, message, refusal
from gitinsight.github.turns import Turns
from gitinsight.veil import NOTHING, Veil

API_VERSION = "2022-11-28"
_ATTEMPTS = 5
_HIDDEN = {403, 404}
"""What one principal may not see, another may."""
_TIMED_OUT = {502, 504}
"""GitHub's own answer to a query that took it more than ten seconds."""


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
    """``body`` is valid JSON, empty where nothing was modified, ``value`` what is in it unless that
    is a list; ``date`` is GitHub's own clock.
    """

    status: int
    body: bytes
    value: Any
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

    @property
    def refused(self) -> Iterator[tuple[int, list[str | int], str]]:
        """Place in `nodes`, path inside of that, and why: what is there and may not be had."""
        for error in self.errors:
            path: list[str | int] = error["path"]
            if len(path) > 1 and isinstance(path[1], int) and error.get("type") != "NOT_FOUND":
                yield path[1], path[2:], str(error.get("type") or error.get("message"))


class GitHubClient:
    """Safe to share between threads. Sends nothing but in its turn, as the governor grants it.

    ``principals`` is asked once, at the first request; the first of them is asked first.
    """

    def __init__(
        self,
        *,
        api_url: str,
        graphql_url: str,
        principals: Callable[[], Sequence[Principal]],
        turns: Turns,
        timeout_seconds: float = 30.0,
        veil: Veil = NOTHING,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._graphql_url = graphql_url
        self._find_principals = principals
        self._turns = turns
        self._veil = veil
        self._lock = threading.Lock()
        self._pool: list[Principal] = []
        self._records: list[RequestRecord] = []
        self.budgets: dict[str, Budget] = {}
        headers = {
            "accept": "application/vnd.github+json",
            "user-agent": "gitinsight",
            "x-github-api-version": API_VERSION,
        }
        self._home = _origin(httpx2.URL(api_url))
        self._http = httpx2.Client(
            headers=headers, timeout=timeout_seconds, follow_redirects=True, max_redirects=3
        )

    @property
    def principal(self) -> str:
        """Who is asked first: the fingerprint of the principal whose ETags hold."""
        return self._principals()[0].fingerprint

    @property
    def has_token(self) -> bool:
        return self._principals()[0].kind != "anonymous"

    def token(self) -> str | None:
        """One that is good now, of the principal that is asked first."""
        return self._principals()[0].token()

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
        with the host of the API root. An ETag is sent by the first principal alone: to the others
        it says nothing.
        """
        url = path if path.startswith("http") else f"{self._api_url}/{path}"
        return self._send(
            lambda: self._http.build_request("GET", url, params=parameters), "core", etag
        )

    def query(self, name: str, variables: Mapping[str, Any], *, text: str | None = None) -> Any:
        """Run ``queries/<name>.graphql``. Missing nodes come back as null; other errors raise, as
        does a repository that is not shown.
        """
        answer = self._ask(name, variables, text)
        fatal = [error for error in answer.errors if error.get("type") != "NOT_FOUND"]
        if fatal:
            raise refusal(name, fatal)
        if "repository" in answer.data and answer.data["repository"] is None:
            raise refusal(name, answer.errors)
        return answer.data

    def query_in_part(
        self, name: str, variables: Mapping[str, Any], *, text: str | None = None
    ) -> PartialAnswer:
        """The same, where one part that cannot be had must not lose the others. Errors that another
        attempt or a smaller query may not meet raise, and those that are about no part.
        """
        answer = self._ask(name, variables, text)
        fatal = [one for one in answer.errors if not one.get("path") or is_passing(one)]
        if fatal:
            raise refusal(name, fatal)
        return answer

    def _ask(self, name: str, variables: Mapping[str, Any], text: str | None) -> PartialAnswer:
        document = text if text is not None else query_text(name)
        body = msgspec.json.encode({"query": document, "variables": dict(variables)})
        headers = {"content-type": "application/json"}
        sent = self._send(
            lambda: self._http.build_request(
                "POST", self._graphql_url, content=body, headers=headers
            ),
            "graphql",
        )
        answer = sent.value
        if not isinstance(answer, dict):
            raise UnexpectedPayload(f"GraphQL query {name}", "it answers no object")
        errors = list(answer.get("errors") or ())
        if answer.get("data") is None:
            raise refusal(name, errors)
        return PartialAnswer(answer["data"], errors, sent.date)

    def _principals(self) -> list[Principal]:
        with self._lock:
            if not self._pool:
                self._pool = self._turns.governor.usable(self._find_principals())
            return list(self._pool)

    def _send(
        self, build: Callable[[], httpx2.Request], bucket: str, etag: str | None = None
    ) -> Answer:
        """Ask until there is an answer. What one principal is not shown another may be."""
        order = self._principals()
        first, hidden = order[0], False
        for attempt in range(1, _ATTEMPTS + len(order)):
            grant = self._turns.take(order, bucket, is_conditional=etag is not None)
            request = build()
            if etag is not None and grant.principal == first:
                request.headers["if-none-match"] = etag
            failure, answer = self._exchange(request, grant)
            if answer is not None:
                if hidden:
                    self._prefer(grant.principal)
                return answer
            if isinstance(failure, TokenRejected):
                grant.principal.renew()
                order = last(order, grant.principal)
            elif isinstance(failure, NotVisible) and failure.status in _HIDDEN and len(order) > 1:
                order, hidden = [one for one in order if one != grant.principal], True
            elif not isinstance(failure, TransientError) or attempt >= _ATTEMPTS:
                break
            elif not isinstance(failure, RateLimited):
                self._turns.pause(min(8.0, 0.3 * 2**attempt) * random.uniform(0.8, 1.2))  # noqa: S311
        raise failure or UpstreamUnavailable(self._api_url, "no answer")

    def _prefer(self, principal: Principal) -> None:
        """It is shown what the first one is not."""
        with self._lock:
            self._pool.sort(key=lambda one: one != principal)

    def _exchange(
        self, request: httpx2.Request, grant: Grant
    ) -> tuple[GitInsightError | None, Answer | None]:
        """One request and its one outcome, which the governor is told and the ledger holds."""
        try:
            token = grant.principal.token()
        except GitInsightError as error:  # there is none to be had; nothing was sent
            verdict, seconds = Verdict.FAILED, None
            if isinstance(error, TokenRejected):
                verdict = Verdict.REJECTED
            elif isinstance(error, RateLimited):
                verdict = Verdict.TOLD
                seconds = (error.retry_at - clock.now()).total_seconds()
            self._turns.governor.release(grant, Outcome(verdict, 0, cost=0, seconds=seconds))
            return error, None
        if token is not None and _origin(request.url) == self._home:
            request.headers["authorization"] = f"Bearer {token}"
        at, started = clock.now(), time.monotonic()
        try:
            response = self._http.send(request)
        except httpx2.HTTPError as error:
            milliseconds = _since(started)
            is_timeout = isinstance(error, httpx2.TimeoutException)
            verdict = Verdict.TIMED_OUT if is_timeout else Verdict.FAILED
            self._turns.governor.release(grant, Outcome(verdict, milliseconds))
            reason = type(error).__name__
            self._record(request, grant, at, milliseconds, None, cost=0, error=reason)
            failure: GitInsightError = UpstreamUnavailable(request.url.host, str(error) or reason)
            if isinstance(error, httpx2.TooManyRedirects):
                failure = UnexpectedPayload(str(request.url), "it redirects without end")
            failure.__cause__ = error
            return failure, None
        return self._judge(request, response, grant, at, _since(started))

    def _judge(
        self, request: httpx2.Request, response: httpx2.Response, grant: Grant, at: datetime,
        milliseconds: int,
    ) -> tuple[GitInsightError | None, Answer | None]:  # fmt: skip
        """Sort one response into an answer or an error, and note what it cost."""
        status, target, bucket = response.status_code, str(request.url.path), grant.bucket
        limited = limits.hit(response, bucket)
        verdict = Verdict.ANSWERED
        error: GitInsightError | None = None
        answer: Answer | None = None
        seconds: float | None = None
        if limited is not None:
            verdict, seconds = limited.verdict, limited.seconds
            error = RateLimited(bucket, limited.retry_at)
        elif status == httpx2.codes.UNAUTHORIZED:
            verdict, error = Verdict.REJECTED, TokenRejected(target)
        elif status >= httpx2.codes.INTERNAL_SERVER_ERROR:
            is_timeout = bucket == "graphql" and status in _TIMED_OUT
            verdict = Verdict.TIMED_OUT if is_timeout else Verdict.FAILED
            error = UpstreamUnavailable(request.url.host, f"HTTP {status}")
        elif status in {403, 404, 409, 410, 451}:
            error = NotVisible(target, status, message(response))
        elif status not in {200, 304}:
            error = UnexpectedPayload(target, f"HTTP {status}: {message(response)}", status)
        else:
            error, answer = self._read(request, response, grant)
        budget = limits.left(response, bucket)
        if budget is not None:
            self.budgets[budget.bucket] = budget
        cost = 0 if status == httpx2.codes.NOT_MODIFIED else 1
        if answer is not None and bucket == "graphql":
            cost = _points(answer.value)
        cost += len(response.history)  # redirects that were followed
        date = limits.date_of(response)
        self._turns.governor.release(
            grant, Outcome(verdict, milliseconds, cost, budget, date, seconds)
        )
        reason = type(error).__name__ if error else None
        self._record(request, grant, at, milliseconds, response, cost=cost, error=reason)
        return error, answer

    def _read(
        self, request: httpx2.Request, response: httpx2.Response, grant: Grant
    ) -> tuple[GitInsightError | None, Answer | None]:
        original, body = response.content, sanitise(response.content)
        if (veiled := self._veil.json(body)) is not body:
            original = body = veiled
        held = None
        if response.status_code == httpx2.codes.OK:
            if (reason := fault(body)) is not None:
                return BrokenAnswer(request.url.host, f"no JSON: {reason}", original), None
            try:
                held = value(body)
            except (msgspec.DecodeError, RecursionError) as error:
                return UnexpectedPayload(request.url.path, str(error)), None
        return None, Answer(
            status=response.status_code,
            body=body,
            value=held,
            original=original,
            url=str(response.url),
            date=limits.date_of(response),
            etag=response.headers.get("etag"),
            next_url=response.links.get("next", {}).get("url"),
            last_url=response.links.get("last", {}).get("url"),
            principal=grant.principal.fingerprint,
        )

    def _record(
        self, request: httpx2.Request, grant: Grant, at: datetime, milliseconds: int,
        response: httpx2.Response | None, *, cost: int, error: str | None,
    ) -> None:  # fmt: skip
        record = RequestRecord(
            at=at,
            principal=grant.principal.fingerprint,
            bucket=grant.bucket,
            path=request.url.path,
            status=response.status_code if response is not None else 0,
            cost=cost,
            milliseconds=milliseconds,
            bytes=len(response.content) if response is not None else 0,
            error=error,
        )
        with self._lock:
            self._records.append(record)


class _RateLimit(msgspec.Struct, frozen=True):
    cost: int


class _Priced(msgspec.Struct, frozen=True):
    rate_limit: _RateLimit = msgspec.field(name="rateLimit")


class _PricedAnswer(msgspec.Struct, frozen=True):
    data: _Priced


def _points(answer: Any) -> int:
    """What GitHub says that a query cost; every query of ours asks for it."""
    try:
        return msgspec.convert(answer, _PricedAnswer).data.rate_limit.cost
    except msgspec.ValidationError:
        return 1


def _origin(url: httpx2.URL) -> tuple[str, bytes]:
    return url.scheme, url.netloc


def _since(started: float) -> int:
    """Milliseconds."""
    return int((time.monotonic() - started) * 1000)
