"""Whose address a commit e-mail is: by its own noreply form, or by what GitHub says of a commit.

Names that people give themselves are no evidence.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flows.steps.run import Run, StepResult
from gitinsight.errors import NotVisible, UnexpectedPayload, UpstreamUnavailable
from gitinsight.github.queries import repeated
from gitinsight.veil import Ghost
from warehouse import addresses, erasure
from warehouse.addresses import Identity
from warehouse.engine import Connection
from warehouse.raw import Written

_NOREPLY = re.compile(r"^(?:(\d{1,18})\+)?([a-z0-9_-]+(?:\[bot\])?)@users\.noreply\.github\.com$")
"""The underscore is that of accounts which an enterprise manages."""
_PER_QUERY = 100
ASK_AGAIN = timedelta(days=180)
"""Nobody's address may become somebody's, but seldom does."""
_MOST_FAILURES = 20
"""One commit that GitHub cannot answer for costs 14 queries at most to be found among 100."""

_GONE = 404

Unknown = Sequence[tuple[str, str]]


def identify(run: Run) -> StepResult:
    """One commit per unknown address, 100 in a query; an address without an account is kept too,
    so that it is asked about once. Where GitHub names nobody the number in a noreply address does:
    it stays with the account, while the name beside it is the one of that day, in lower case.
    """
    cursor = run.take("identities")
    with run.warehouse.begin() as connection:
        unknown = addresses.unknown_emails(
            connection, run.repository.repository_id, asked_before=run.clock() - ASK_AGAIN
        )
    read_off = {one.email: one for email, _ in unknown if (one := _read_off(email)) is not None}
    numbered = {email: one for email, one in read_off.items() if one.user_id is not None}
    touched = done = 0

    def keep(found: list[Identity]) -> None:
        nonlocal cursor, touched, done

        def write(connection: Connection) -> Written:
            addresses.record_identities(connection, found, run=run.git_run)
            return Written(new=len(found))

        done += len(found)
        cursor, written = run.commit(cursor, cursor.state, write, done=done, total=len(unknown))
        touched += written.touched
        for one in found:
            if (ghost := Ghost.named(one.login)) and not Ghost.has(one.email):
                erasure.learn(run.warehouse, one.email, ghost)

    asked = list(unknown) if run.client.has_token else []
    if not asked and read_off:
        keep(list(read_off.values()))
    failures = 0
    waiting = [asked[at : at + _PER_QUERY] for at in range(0, len(asked), _PER_QUERY)]
    while waiting:
        batch = waiting.pop(0)
        try:
            found = {one.email: one for one in _asked(run, batch)}
            silent = {
                email: numbered[email]
                for email, _ in batch
                if email in numbered and (email not in found or found[email].login is None)
            }
            keep(list((found | silent).values()))
        except (NotVisible, UnexpectedPayload, UpstreamUnavailable) as error:
            failures += 1
            # Else GitHub does not answer at all, or does not show the repository.
            is_ours = error.target.startswith("GraphQL") and getattr(error, "status", 0) != _GONE
            if not is_ours or failures > _MOST_FAILURES:
                raise
            half = len(batch) // 2
            waiting[:0] = [part for part in (batch[:half], batch[half:]) if half and part]

    def spell(connection: Connection) -> Written:
        repository_id = run.repository.repository_id
        return Written(changed=addresses.spell_identities(connection, repository_id))

    cursor, spelt = run.commit(cursor, cursor.state, spell, done=done, total=len(unknown))
    touched += spelt.touched
    return StepResult("identities", touched, len(unknown))


def _asked(run: Run, page: Unknown) -> list[Identity]:
    """Only of commits that GitHub shows: of the others it says nothing, not even nobody."""
    text = repeated("commit_authors", ([sha] for _, sha in page))
    owner, name = run.repository.full_name.split("/")
    answer = run.client.query("commit_authors", {"owner": owner, "name": name}, text=text)
    commits: dict[str, Any] = answer["repository"] or {}
    found = []
    for index, (email, _) in enumerate(page):
        commit = commits.get(f"commit_{index}")
        if not commit:
            continue
        user = (commit.get("author") or {}).get("user") or {}
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


def _read_off(email: str) -> Identity | None:
    """What a noreply address itself says. The number stays with an account; a name alone, as in
    addresses of before July 2017, may have been given up and taken by somebody else.
    """
    match = _NOREPLY.match(email)
    if match is None:
        return None
    number, login = match.groups()
    return Identity(
        email=email,
        login=login,
        user_id=int(number) if number else None,
        actor_type="Bot" if login.endswith("[bot]") else "User",
        evidence="noreply" if number else "noreply_login",
    )
