"""What happens around the conversations: stars, forks, releases' files, runs, deployments, and
discussions. Made after them, with a chance of its own, so that none of their numbers moves.
"""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gitinsight.simulator.records import LABEL, Record, Repository, crowding, iso

_START = datetime(2026, 1, 5, 8, tzinfo=UTC)
_ENVIRONMENTS = ("staging", "production")
_MANY = {33: {"commits": 57}, 73: {"commits": 130}, 93: {"files": 120}}
"""Pull requests, by their place, that have more than one page of something."""
_CONCLUSIONS = ("success", "success", "failure", "success", "cancelled", "skipped", "success")


@dataclass(slots=True)
class _Maker:
    repository: Repository
    chance: random.Random
    next_id: Callable[[], int]
    people: list[Record]

    def person(self) -> Record:
        return self.chance.choice(self.people)


def fill(
    repository: Repository, chance: random.Random, next_id: Callable[[], int], people: list[Record]
) -> None:
    """Everything of one repository; nothing where it has no conversations either."""
    if not repository.issues:
        return
    maker = _Maker(repository, chance, next_id, people)
    size = len(repository.issues)
    pace = crowding(size)
    _popularity(maker, size)
    _pull_requests(maker)
    for release in repository.releases:
        _assets(maker, release)
    for position in range(size):
        add_run(
            repository, next_id, maker.person(), _START + timedelta(hours=30 * pace * position),
            conclusion=None if position == size - 1 else _CONCLUSIONS[position % 7],
            attempt=2 if position % 11 == 4 else 1,
        )  # fmt: skip
    for position in range(size // 3):
        _deploy(maker, _START + timedelta(days=3 * pace * position, hours=5), position)
    for position in range(size // 8):
        _discuss(maker, _START + timedelta(days=9 * pace * position, hours=7), position)


def add_run(
    repository: Repository, next_id: Callable[[], int], actor: Record, at: datetime,
    *, conclusion: str | None, attempt: int = 1,
) -> Record:  # fmt: skip
    """One run of the workflow with its jobs; ``conclusion`` is None while it is under way."""
    identifier = next_id()
    started = at + timedelta(hours=2 * (attempt - 1))
    run: Record = {
        "id": identifier, "node_id": f"WFR_{identifier}", "name": "tests", "workflow_id": 1,
        "path": ".github/workflows/tests.yml", "run_number": len(repository.runs) + 1,
        "run_attempt": attempt, "event": ("push", "pull_request", "schedule")[identifier % 3],
        "display_title": "tests (synthetic)", "head_branch": "main",
        "status": "completed" if conclusion else "in_progress", "conclusion": conclusion,
        "created_at": iso(at), "run_started_at": iso(started),
        "updated_at": iso(started + timedelta(minutes=12) if conclusion else started),
        "actor": actor, "triggering_actor": actor, "pull_requests": [],
    }  # fmt: skip
    repository.runs.append(run)
    for turn in range(1, attempt + 1):
        ended = conclusion if turn == attempt else "failure"
        add_jobs(repository, next_id, run, at + timedelta(hours=2 * (turn - 1)),
                 attempt=turn, conclusion=ended)  # fmt: skip
    return run


def add_jobs(
    repository: Repository, next_id: Callable[[], int], run: Record, at: datetime,
    *, attempt: int, conclusion: str | None,
) -> None:  # fmt: skip
    """The jobs of one attempt: the last one has the conclusion of the run."""
    for place, name in enumerate(("lint", "test")):
        identifier = next_id()
        ended = "success" if place == 0 and conclusion in {"failure", None} else conclusion
        began = at + timedelta(minutes=1 + 3 * place)
        repository.jobs.append(
            {
                "id": identifier, "node_id": f"CR_{identifier}", "run_id": run["id"],
                "run_attempt": attempt, "workflow_name": run["name"], "name": name,
                "status": "completed" if ended else "in_progress", "conclusion": ended,
                "created_at": iso(at), "started_at": iso(began),
                "completed_at": iso(began + timedelta(minutes=4)) if ended else None,
                "head_branch": run["head_branch"], "labels": ["ubuntu-latest"],
                "runner_id": 1, "runner_name": "synthetic-runner",
                "runner_group_id": 1, "runner_group_name": "Synthetic",
                "steps": [{"name": "Check", "number": 1, "conclusion": ended,
                           "status": "completed" if ended else "in_progress",
                           "started_at": iso(began),
                           "completed_at": iso(began + timedelta(minutes=4)) if ended else None}],
            }
        )  # fmt: skip


def finish_run(repository: Repository, run: Record, at: datetime, conclusion: str) -> None:
    run |= {"status": "completed", "conclusion": conclusion, "updated_at": iso(at)}
    for job in repository.jobs:
        if job["run_id"] == run["id"] and job["status"] != "completed":
            job |= {"status": "completed", "conclusion": conclusion, "completed_at": iso(at)}
            job["steps"][0] |= {
                "status": "completed", "conclusion": conclusion, "completed_at": iso(at),
            }  # fmt: skip


def add_deployment(
    repository: Repository, next_id: Callable[[], int], creator: Record, at: datetime,
    environment: str,
) -> Record:  # fmt: skip
    """Without a status yet. Its commit is the newest one of its moment, found when it is served."""
    identifier = next_id()
    deployment: Record = {
        "id": identifier, "node_id": f"DE_{identifier}", "environment": environment,
        "original_environment": environment, "task": "deploy", "ref": "main",
        "description": LABEL, "creator": creator, "created_at": iso(at), "updated_at": iso(at),
        "production_environment": environment == "production", "transient_environment": False,
        "payload": {}, "statuses": [],
    }  # fmt: skip
    repository.deployments.append(deployment)
    return deployment


def add_status(
    deployment: Record, next_id: Callable[[], int], creator: Record, at: datetime, state: str
) -> None:
    identifier = next_id()
    deployment["statuses"].append(
        {"id": identifier, "node_id": f"DES_{identifier}", "state": state, "creator": creator,
         "description": LABEL, "environment": deployment["environment"], "created_at": iso(at),
         "updated_at": iso(at), "environment_url": "", "log_url": ""}
    )  # fmt: skip
    deployment["updated_at"] = iso(at)


def add_discussion(
    repository: Repository, next_id: Callable[[], int], author: Record | None, at: datetime,
    category: str = "General",
) -> Record:  # fmt: skip
    identifier, number = next_id(), repository.next_number
    discussion: Record = {
        "id": identifier, "node_id": f"D_{identifier}", "number": number,
        "title": "What do you think? (synthetic)", "body": LABEL, "category": category,
        "user": author, "created_at": iso(at), "updated_at": iso(at), "answer_chosen_at": None,
        "upvotes": 1, "comments": [],
    }  # fmt: skip
    repository.discussions[number] = discussion
    return discussion


def add_discussion_comment(
    discussion: Record, next_id: Callable[[], int], author: Record | None, at: datetime,
    *, replies: int = 0,
) -> Record:  # fmt: skip
    identifier = next_id()
    comment: Record = {
        "id": identifier, "node_id": f"DC_{identifier}", "body": "I would say so.", "user": author,
        "created_at": iso(at), "updated_at": iso(at), "is_answer": False, "upvotes": 0,
        "replies": replies,
    }  # fmt: skip
    discussion["comments"].append(comment)
    discussion["updated_at"] = max(discussion["updated_at"], iso(at))
    return comment


def pull_commits(pull: Record) -> list[Record]:
    """Those of a pull request, oldest first: oid, authored_at, additions, deletions."""
    began = datetime.fromisoformat(pull["first_commit_at"])
    shares = zip(
        _shares(pull["additions"], pull["commits"]), _shares(pull["deletions"], pull["commits"]),
        strict=True,
    )  # fmt: skip
    return [
        {"oid": oid(pull["id"], place), "authored_at": iso(began + timedelta(minutes=20 * place)),
         "additions": added, "deletions": removed}
        for place, (added, removed) in enumerate(shares)
    ]  # fmt: skip


def pull_files(pull: Record) -> list[Record]:
    """The files of a pull request: path, additions, deletions, change (as GraphQL names it)."""
    shares = zip(
        _shares(pull["additions"], pull["files"]), _shares(pull["deletions"], pull["files"]),
        strict=True,
    )  # fmt: skip
    return [
        {"path": f"src/part{place}.py", "additions": added, "deletions": removed,
         "change": "MODIFIED" if place % 4 else "ADDED"}
        for place, (added, removed) in enumerate(shares)
    ]  # fmt: skip


def oid(*parts: int) -> str:
    """A name of a commit that lives in no repository."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=20).hexdigest()


def _shares(total: int, count: int) -> list[int]:
    return [total // count + (place < total % count) for place in range(count)]


def _popularity(maker: _Maker, size: int) -> None:
    made = maker.repository
    at = _START - timedelta(days=2)
    for _ in range(size * 2):
        at += timedelta(hours=maker.chance.expovariate(1 / 36) * crowding(size))
        made.stars.append(iso(at))
    made.languages = {"Python": 400 * size, "Shell": 20 * size}
    for place in range(min(size // 20, len(maker.people))):
        identifier, owner = maker.next_id(), maker.people[place]
        created = iso(_START + timedelta(days=20 * place))
        made.forks.append(
            {"id": identifier, "node_id": f"R_{identifier}", "name": made.name,
             "full_name": f"{owner['login']}/{made.name}", "owner": owner, "fork": True,
             "private": False, "description": LABEL, "created_at": created, "updated_at": created,
             "pushed_at": created, "stargazers_count": place, "forks_count": 0,
             "default_branch": "main", "archived": False, "disabled": False}
        )  # fmt: skip


def _pull_requests(maker: _Maker) -> None:
    made = maker.repository
    issues = [number for number in made.issues if number not in made.pulls]
    for number, pull in made.pulls.items():
        pull.update(_MANY.get(number - 1, {}))
        author = made.issues[number]["user"]
        if pull["merged_at"] is None:
            others = [one for one in maker.people if one != author]
            pull["review_requests"] = [
                {"id": maker.next_id(), "user": one}
                for one in maker.chance.sample(others, k=number % 3)
            ]
        if number % 3 == 0:
            pull["closes"] = [max(one for one in issues if one < number)]


def _assets(maker: _Maker, release: Record) -> None:
    for name, kind in (("wheel.whl", "application/zip"), ("source.tar.gz", "application/gzip")):
        identifier = maker.next_id()
        release["assets"].append(
            {"id": identifier, "node_id": f"RA_{identifier}", "name": name, "label": None,
             "state": "uploaded", "content_type": kind, "size": maker.chance.randrange(10_000),
             "download_count": maker.chance.randrange(500), "uploader": release["author"],
             "created_at": release["created_at"], "updated_at": release["created_at"]}
        )  # fmt: skip


def _deploy(maker: _Maker, at: datetime, position: int) -> None:
    environment = _ENVIRONMENTS[position % 2]
    creator = maker.person()
    made = add_deployment(maker.repository, maker.next_id, creator, at, environment)
    states = ["QUEUED", "IN_PROGRESS", "FAILURE" if position % 6 == 5 else "SUCCESS"]
    if position % 13 == 6:
        states[1:1] = ["WAITING", *["PENDING"] * 10]  # more than the first ten
    if position == len(maker.repository.issues) // 3 - 1:
        states.pop()  # still under way
    for turn, state in enumerate(states):
        moment = at + timedelta(minutes=2 * turn + 1)
        add_status(made, maker.next_id, creator, moment, state)


def _discuss(maker: _Maker, at: datetime, position: int) -> None:
    category = ("Q&A", "General", "Ideas")[position % 3]
    author = None if position == 3 else maker.person()
    discussion = add_discussion(maker.repository, maker.next_id, author, at, category)
    for turn in range(60 if position == 2 else maker.chance.randrange(5)):
        moment = at + timedelta(hours=3 * turn + 1)
        comment = add_discussion_comment(
            discussion, maker.next_id, maker.person(), moment, replies=turn % 3
        )
        if category == "Q&A" and turn == 1:
            comment["is_answer"] = True
            discussion["answer_chosen_at"] = iso(moment + timedelta(hours=1))
