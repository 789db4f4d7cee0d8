"""A made-up organisation: the same repositories, people and conversations for the same seed.

The records have the shapes of GitHub's REST API, without the fields that name a host; those are
added when they are served. Everything says of itself that it is synthetic.
"""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from gitinsight.simulator import activity
from gitinsight.simulator.records import (
    LABEL,
    ORGANISATION,
    Record,
    Repository,
    crowding,
    iso,
    touch,
)

__all__ = [
    "LABEL", "ORGANISATION", "SIZES", "Organisation", "Record", "Repository", "authors", "iso",
    "touch", "truth", "wider_truth",
]  # fmt: skip

_START = datetime(2026, 1, 5, 8, tzinfo=UTC)
SIZES = {"aurora": 120, "borealis": 40, "empty-repo": 0}
"""Repository -> how many conversations it has, and half as many as it has commits."""
_PEOPLE = ("ada", "brook", "chen", "dara", "emil", "fatou", "gael", "hana", "ivo", "june")
_BOT = "dependabot[bot]"
_USER_BOT = "synthetic-ci"
_WORDS = ("cache", "parser", "retry", "window", "schema", "queue", "index", "cursor", "lease")


class Organisation:
    """All repositories of one seed, and the changes that somebody asks for later."""

    def __init__(self, seed: int = 1, sizes: Mapping[str, int] = SIZES) -> None:
        self._random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self._last_id = 9_000_000
        self.users = {login: self._user(login) for login in (*_PEOPLE, _BOT, _USER_BOT)}
        self.repositories: dict[str, Repository] = {}
        for name, size in sizes.items():
            self.repositories[name] = self._repository(name, size)
        chance = random.Random(f"{seed} activity")  # noqa: S311 - reproducible, not secret
        for made in self.repositories.values():
            activity.fill(made, chance, self.next_id, list(self.users.values())[: len(_PEOPLE)])

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def add_issue(self, repository: Repository, at: datetime) -> Record:
        """A new issue, as somebody opens one while the others are being read."""
        return self._issue(repository, at, self._person(), is_pull=False)

    def add_comment(self, repository: Repository, number: int, at: datetime) -> Record:
        return self._comment(repository, number, self._person(), at, "One more thought.")

    def _user(self, login: str) -> Record:
        number = self.next_id()
        kind = "Bot" if login.endswith("[bot]") else "User"
        return {"login": login, "id": number, "node_id": f"U_{number}", "type": kind}

    def _repository(self, name: str, size: int) -> Repository:
        made = Repository(self.next_id(), name, _START - timedelta(days=3))
        made.commits_wanted = size * 2
        if not size:
            return made
        for label in ("bug", "question", "performance", "docs", "good first issue"):
            number = self.next_id()
            made.labels.append(
                {"id": number, "node_id": f"LA_{number}", "name": label, "color": "ededed",
                 "default": False, "description": LABEL}
            )  # fmt: skip
        pace = crowding(size)
        for position in range(size):
            minutes = self._random.randrange(600)
            at = _START + timedelta(hours=position * 52 * pace, minutes=minutes)
            self._conversation(made, at, position)
        for position in range(size // 30):
            self._release(made, _START + timedelta(days=60 * pace * (position + 1)), position)
        number = self.next_id()
        made.milestones.append(
            {"id": number, "node_id": f"MI_{number}", "number": 1, "title": "1.0",
             "state": "open", "created_at": iso(_START), "updated_at": iso(_START),
             "due_on": None, "closed_at": None, "description": LABEL}
        )  # fmt: skip
        return made

    def _conversation(self, made: Repository, at: datetime, position: int) -> None:
        """Every kind of case comes round: bots first, the author first, nobody at all, a ghost."""
        is_pull = position % 5 in {1, 3}
        author = _BOT if is_pull and position % 20 == 1 else self._person()
        issue = self._issue(made, at, author, is_pull=is_pull)
        number = issue["number"]
        if position % 4 == 0:
            self._comment(made, number, _USER_BOT, at + timedelta(minutes=3), "Thank you (robot).")
        if position % 6 == 1:
            self._comment(made, number, author, at + timedelta(minutes=20), "I forgot to say:")
        if position % 9 == 4:
            self._comment(made, number, None, at + timedelta(hours=1), "from a deleted account")
        for _ in range(self._random.randrange(4)):
            at_comment = at + timedelta(hours=self._random.expovariate(1 / 30))
            body = "\u2728 fine \u0000 \U0001f680" if position == 7 else "Have you tried again?"
            self._comment(made, number, self._person(), at_comment, body)
        if is_pull:
            self._review_all(made, number, author, at, position)
        if position % 8 != 7:
            self._close(made, number, at + timedelta(hours=self._random.uniform(50, 400)), position)

    def _issue(self, made: Repository, at: datetime, author: str, *, is_pull: bool) -> Record:
        number = made.next_number
        kind, identifier = ("PR" if is_pull else "I"), self.next_id()
        issue: Record = {
            "id": identifier, "node_id": f"{kind}_{identifier}", "number": number,
            "title": f"The {self._word()} {self._word()} (synthetic)", "body": LABEL,
            "user": self.users[author], "state": "open", "state_reason": None, "locked": False,
            "labels": made.labels[number % 5 : number % 5 + 1], "assignees": [], "assignee": None,
            "milestone": None, "comments": 0, "author_association": "MEMBER",
            "created_at": iso(at), "updated_at": iso(at), "closed_at": None,
        }  # fmt: skip
        if is_pull:
            issue["pull_request"] = {"merged_at": None}
            made.pulls[number] = {
                "id": self.next_id(), "is_draft": False, "ready_at": None, "merged_at": None,
                "merged_by": None, "additions": self._random.randrange(400),
                "deletions": self._random.randrange(200), "files": 1 + self._random.randrange(9),
                "commits": 1 + self._random.randrange(4), "first_commit_at": iso(at),
                "review_requests": [], "closes": [],
            }  # fmt: skip
        made.issues[number] = issue
        return issue

    def _comment(
        self, made: Repository, number: int, author: str | None, at: datetime, body: str
    ) -> Record:
        identifier = self.next_id()
        comment = {
            "id": identifier, "node_id": f"IC_{identifier}", "number": number,
            "user": self.users[author] if author else None, "body": body,
            "created_at": iso(at), "updated_at": iso(at), "author_association": "NONE",
        }  # fmt: skip
        made.comments.append(comment)
        made.issues[number]["comments"] += 1
        touch(made.issues[number], at)
        return comment

    def _review_all(
        self, made: Repository, number: int, author: str, at: datetime, position: int
    ) -> None:
        pull = made.pulls[number]
        if position % 10 == 3:
            pull["ready_at"] = iso(at + timedelta(hours=9))
        rounds = 33 if position == 53 else self._random.randrange(4)  # more than one page holds
        for turn in range(rounds):
            reviewer = author if position % 15 == 6 else self._person()
            moment = at + timedelta(hours=10 + 7 * turn + self._random.random())
            identifier = self.next_id()
            state = ("COMMENTED", "CHANGES_REQUESTED", "APPROVED")[min(turn, 2)]
            review = {
                "id": identifier, "node_id": f"PRR_{identifier}", "number": number,
                "user": self.users[reviewer], "state": state, "body": "", "at": iso(moment),
                "comments": 0,
            }  # fmt: skip
            made.reviews.append(review)
            for _ in range(self._random.randrange(3)):
                self._review_comment(made, number, review, moment)
            touch(made.issues[number], moment)

    def _review_comment(self, made: Repository, number: int, review: Record, at: datetime) -> None:
        identifier = self.next_id()
        review["comments"] += 1
        made.review_comments.append(
            {
                "id": identifier,
                "node_id": f"PRRC_{identifier}",
                "number": number,
                "pull_request_review_id": review["id"],
                "user": review["user"],
                "path": "src/engine.py",
                "body": "This line?",
                "diff_hunk": "@@ -1 +1 @@",
                "created_at": iso(at),
                "updated_at": iso(at),
                "author_association": "MEMBER",
            }
        )

    def _close(self, made: Repository, number: int, at: datetime, position: int) -> None:
        issue, closer = made.issues[number], self._person()
        issue |= {"state": "closed", "closed_at": iso(at), "state_reason": "completed"}
        touch(issue, at)
        names = ["closed"]
        pull = made.pulls.get(number)
        if pull is not None:
            issue["state_reason"] = None
            if position % 7 != 3:
                pull |= {"merged_at": iso(at), "merged_by": self.users[closer]}
                issue["pull_request"]["merged_at"] = iso(at)
                names = ["merged", "closed"]
        elif position % 11 == 5:
            self._event(made, number, "closed", closer, at - timedelta(hours=40))
            self._event(made, number, "reopened", closer, at - timedelta(hours=20))
        for name in names:
            self._event(made, number, name, closer, at)

    def _event(self, made: Repository, number: int, name: str, actor: str, at: datetime) -> None:
        identifier = self.next_id()
        made.events.append(
            {"id": identifier, "node_id": f"EV_{identifier}", "number": number, "event": name,
             "actor": self.users[actor], "commit_id": None, "created_at": iso(at)}
        )  # fmt: skip

    def _release(self, made: Repository, at: datetime, position: int) -> None:
        identifier = self.next_id()
        made.releases.append(
            {"id": identifier, "node_id": f"RE_{identifier}", "tag_name": f"v0.{position + 1}.0",
             "name": f"0.{position + 1}.0", "draft": False, "prerelease": position == 0,
             "author": self.users["ada"], "created_at": iso(at), "published_at": iso(at),
             "body": LABEL, "assets": []}
        )  # fmt: skip

    def _person(self) -> str:
        """Some do much more than others."""
        place = min(int(self._random.expovariate(0.35)), len(_PEOPLE) - 1)
        return _PEOPLE[place]

    def _word(self) -> str:
        return self._random.choice(_WORDS)


def authors() -> Iterator[tuple[str, str]]:
    """(name, address) of those who commit: by noreply address, by a private one, by one that no
    account claims.
    """
    for position, login in enumerate(_PEOPLE):
        if position % 2:
            yield login.title(), f"{login}@example.invalid"
        else:
            yield login.title(), f"{1000 + position}+{login}@users.noreply.github.com"
    yield "Somebody Else", "unclaimed@example.invalid"


def truth(repository: Repository) -> dict[str, int]:
    """Counts taken from the records themselves, for whoever wants to check what was read."""
    return {
        "issues": sum("pull_request" not in one for one in repository.issues.values()),
        "pull_requests": len(repository.pulls),
        "pull_requests_merged": sum(bool(one["merged_at"]) for one in repository.pulls.values()),
        "issue_comments": len(repository.comments),
        "reviews": len(repository.reviews),
        "review_comments": len(repository.review_comments),
        "labels": len(repository.labels),
        "milestones": len(repository.milestones),
        "releases": len(repository.releases),
        "issue_events": len(repository.events),
    }


def wider_truth(repository: Repository) -> dict[str, int]:
    """What ``truth`` counts, and everything around the conversations."""
    return truth(repository) | {
        "release_assets": sum(len(one["assets"]) for one in repository.releases),
        "forks": len(repository.forks),
        "stars": len(repository.stars),
        "workflow_runs": len(repository.runs),
        "workflow_jobs": len(repository.jobs),
        "deployments": len(repository.deployments),
        "deployment_statuses": sum(len(one["statuses"]) for one in repository.deployments),
        "discussions": len(repository.discussions),
        "discussion_comments": sum(len(one["comments"]) for one in repository.discussions.values()),
        "pull_request_commits": sum(one["commits"] for one in repository.pulls.values()),
        "pull_request_files": sum(one["files"] for one in repository.pulls.values()),
        "review_requests": sum(len(one["review_requests"]) for one in repository.pulls.values()),
        "closing_references": sum(len(one["closes"]) for one in repository.pulls.values()),
    }
