"""Whose address a commit e-mail is: by what GitHub says of a commit, or by its own noreply form."""

import re
from collections.abc import Sequence
from typing import Any

from flows.steps.run import Run, StepResult
from gitinsight.github.queries import query_text
from warehouse import git
from warehouse.engine import Connection
from warehouse.git import Identity
from warehouse.raw import Written

_NOREPLY = re.compile(r"^(?:(\d+)\+)?([a-z0-9-]+(?:\[bot\])?)@users\.noreply\.github\.com$")
_PER_QUERY = 100
_ALIAS = re.compile(r"^ *commit_0: .*\n", re.MULTILINE)


def identify(run: Run) -> StepResult:
    """One commit per unknown address, 100 in a query; an address without an account is kept too,
    so that it is asked about once.
    """
    cursor = run.take("identities")
    with run.warehouse.begin() as connection:
        unknown = git.unknown_emails(connection, run.repository.repository_id)
    touched = 0
    for start in range(0, len(unknown), _PER_QUERY):
        page = unknown[start : start + _PER_QUERY]
        found = _asked(run, page) if run.client.has_token else _read_off(page)

        def write(connection: Connection, found: list[Identity] = found) -> Written:
            git.record_identities(connection, found, run=run.git_run)
            return Written(new=len(found))

        cursor, written = run.commit(
            cursor, cursor.state, write, done=start + len(page), total=len(unknown)
        )
        touched += written.touched
    return StepResult("identities", touched, len(unknown))


def _asked(run: Run, page: Sequence[tuple[str, str]]) -> list[Identity]:
    aliases = "".join(
        f'    commit_{index}: object(oid: "{sha}") {{ ...CommitAuthor }}\n'
        for index, (_, sha) in enumerate(page)
    )
    text = _ALIAS.sub(lambda _found: aliases, query_text("commit_authors"))
    owner, name = run.repository.full_name.split("/")
    answer = run.client.query("commit_authors", {"owner": owner, "name": name}, text=text)
    commits: dict[str, Any] = answer["repository"] or {}
    found = []
    for index, (email, _) in enumerate(page):
        user = ((commits.get(f"commit_{index}") or {}).get("author") or {}).get("user") or {}
        found.append(
            Identity(
                email=email,
                login=user.get("login"),
                user_id=user.get("databaseId"),
                actor_type=user.get("__typename"),
                evidence="commit",
            )
        )
    return found


def _read_off(page: Sequence[tuple[str, str]]) -> list[Identity]:
    """Only what the address itself says; the others stay unknown and are asked about later."""
    found = []
    for email, _ in page:
        match = _NOREPLY.match(email)
        if match:
            number, login = match.groups()
            kind = "Bot" if login.endswith("[bot]") else "User"
            found.append(Identity(email, login, int(number) if number else None, kind, "noreply"))
    return found
