"""The change probe: tells for 2 points per 50 repositories whether there is anything to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gitinsight.errors import UnexpectedPayload
from gitinsight.github.client import GitHubClient
from gitinsight.github.queries import repeated

PER_QUERY = 50
"""Four connections each are 200 requests by GitHub's formula: 2 points."""
_RECORDS_PER_CONVERSATION = 8
"""Comments, reviews, their comments, events and commits of an issue or pull request, on average."""


_SETTLES_WITHIN = timedelta(minutes=2)
"""Times are whole seconds, and GitHub's copies of its data lag: what has changed so lately may
change again without a trace."""


@dataclass(frozen=True, slots=True)
class Probe:
    """``state`` is equal as long as nothing has changed, but for changes of the last two minutes:
    then it is equal to no other. Its times are by GitHub's clock, as is ``at``.
    """

    github_id: int
    state: dict[str, Any]
    records_estimate: int
    at: datetime


class _Connection(msgspec.Struct, frozen=True):
    total_count: int = msgspec.field(name="totalCount")
    nodes: list[dict[str, Any] | None] | None = None

    @property
    def newest(self) -> list[Any]:
        """How many there are, and when one of them changed last."""
        nodes = [one for one in self.nodes or () if one]
        return [self.total_count, nodes[0].get("updatedAt") if nodes else None]


class _Target(msgspec.Struct, frozen=True):
    oid: str


class _Branch(msgspec.Struct, frozen=True):
    name: str
    target: _Target | None = None


class _Repository(msgspec.Struct, frozen=True, rename="camel"):
    database_id: int
    name_with_owner: str
    is_archived: bool
    stargazer_count: int
    fork_count: int
    issues: _Connection
    pull_requests: _Connection
    discussions: _Connection
    releases: _Connection
    pushed_at: str | None = None
    disk_usage: int | None = None
    default_branch_ref: _Branch | None = None


def text(names: Sequence[str]) -> str:
    """One query for many repositories, each ``owner/name``."""
    return repeated("probe", (one.partition("/")[::2] for one in names))


def ask(client: GitHubClient, names: Sequence[str]) -> list[Probe | None]:
    """One answer per name, in one query; None where GitHub resolves no repository or not all."""
    answer = client.query_in_part("probe", {}, text=text(names))
    refused = {str(error["path"][0]) for error in answer.errors}
    return [
        None if alias in refused else _read(answer.data.get(alias), answer.date)
        for alias in (f"repository_{index}" for index in range(len(names)))
    ]


def estimate(*, conversations: int, kilobytes: int) -> int:
    """About how many records a repository has, from its issues and pull requests and from what git
    needs for it: a commit with its files, and with it a record, is about a kilobyte.
    """
    return max(_RECORDS_PER_CONVERSATION * conversations, kilobytes)


def _read(found: Mapping[str, Any] | None, at: datetime) -> Probe | None:
    if found is None:
        return None
    try:
        one = msgspec.convert(found, _Repository)
    except msgspec.ValidationError as error:
        raise UnexpectedPayload("GraphQL query probe", str(error)) from error
    branch = one.default_branch_ref
    connections = {
        "issues": one.issues.newest,
        "pull_requests": one.pull_requests.newest,
        "discussions": one.discussions.newest,
        "releases": one.releases.newest,
    }
    moments = [one.pushed_at, *(newest for _, newest in connections.values())]
    settled_until = f"{at - _SETTLES_WITHIN:%Y-%m-%dT%H:%M:%SZ}"
    is_settled = all(moment is None or moment <= settled_until for moment in moments)
    return Probe(
        github_id=one.database_id,
        state={
            "full_name": one.name_with_owner,
            "is_archived": one.is_archived,
            "pushed_at": one.pushed_at,
            "head": [branch.name, branch.target and branch.target.oid] if branch else None,
            "stargazers": one.stargazer_count,
            "forks": one.fork_count,
            **connections,
            **({} if is_settled else {"unsettled_at": at.isoformat()}),
        },
        records_estimate=estimate(
            conversations=one.issues.total_count + one.pull_requests.total_count,
            kilobytes=one.disk_usage or 0,
        ),
        at=at,
    )
