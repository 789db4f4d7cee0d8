"""The schema ``raw``: what GitHub and git gave, as they gave it."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gitinsight.things.catalogue import GITHUB_THINGS
from gitinsight.things.thing import Thing
from warehouse.tables.shape import AT, metadata, number_of, repository_id, written

_ID = "GitHub's own id; where it gives none, a hash of what the record is told by"
_HASH = "blake2b-128 of the payload without the fields that name hosts"
_UPDATED = "GitHub's own time of the last change"
_SOURCE = "rest, graphql, webhook or gharchive"


def _payload_table(thing: Thing) -> Table:
    """One shape for everything GitHub answers: its own bytes, and what we know about them."""
    numbered = [number_of(thing)] if thing.number else []
    return Table(
        thing.table,
        metadata,
        repository_id(),
        Column("id", BigInteger, primary_key=True, autoincrement=False, comment=_ID),
        Column("payload", JSONB, nullable=False, comment="what GitHub answered, whole"),
        Column("content_hash", LargeBinary, nullable=False, comment=_HASH),
        Column("source_updated_at", AT, comment=_UPDATED),
        Column("source", Text, nullable=False, comment=_SOURCE),
        Column("api_version", Text, nullable=False, comment="version of GitHub's API"),
        Column("sanitized", Boolean, nullable=False, comment="a character was replaced"),
        *written(),
        Column("deleted_at", AT, comment="when it was seen to be gone"),
        Column("deleted_reason", Text, comment="how it was seen to be gone"),
        *(Index(f"ix_{thing.table}_number", "repository_id", text(one)) for one in numbered),
        schema="raw",
        comment=f"GitHub's {thing.name.replace('_', ' ')}, newest version of each",
    )


def _history_table(thing: Thing) -> Table:
    words = thing.name.replace("_", " ")
    return Table(
        f"{thing.table}_history",
        metadata,
        repository_id(),
        Column("id", BigInteger, primary_key=True, autoincrement=False, comment=_ID),
        Column("valid_from", AT, primary_key=True, comment="when this version was written"),
        Column("valid_to", AT, nullable=False, comment="when the next one replaced it"),
        Column("payload", JSONB, nullable=False, comment="what GitHub answered then, whole"),
        Column("content_hash", LargeBinary, nullable=False, comment=_HASH),
        Column("source_updated_at", AT, comment=_UPDATED),
        Column("source", Text, nullable=False, comment=_SOURCE),
        Column("run_id", Uuid, nullable=False, comment="the job that wrote this version"),
        schema="raw",
        comment=f"earlier versions of {words}, written when the hash changed",
    )


RAW: dict[str, Table] = {thing.name: _payload_table(thing) for thing in GITHUB_THINGS}
RAW_HISTORY: dict[str, Table] = {thing.name: _history_table(thing) for thing in GITHUB_THINGS}

git_commits = Table(
    "git_commits",
    metadata,
    repository_id(),
    Column("sha", Text, primary_key=True, comment="git's own id"),
    Column("parents", ARRAY(Text), nullable=False, comment="their ids; two or more in a merge"),
    Column("author_name", Text, nullable=False, comment="as git has it"),
    Column("author_email", Text, nullable=False, comment="as git has it"),
    Column("authored_at", AT, comment="null where git's date is not a date"),
    Column("author_tz_offset_minutes", SmallInteger, comment="east of UTC; null where it is none"),
    Column("authored_at_raw", Text, nullable=False, comment="the date as git wrote it"),
    Column("committer_name", Text, nullable=False, comment="as git has it"),
    Column("committer_email", Text, nullable=False, comment="as git has it"),
    Column("committed_at", AT, comment="null where git's date is not a date"),
    Column("committed_at_raw", Text, nullable=False, comment="the date as git wrote it"),
    Column("message", Text, nullable=False, comment="whole, up to 1 MiB"),
    Column("additions", Integer, comment="lines; merges against their first parent"),
    Column("deletions", Integer, comment="lines; merges against their first parent"),
    Column("files_count", Integer, comment="files changed; null where the source does not tell"),
    Column(
        "is_on_default_branch", Boolean, nullable=False,
        comment="the default branch reaches it, as last seen",
    ),
    Column(
        "default_branch_at", AT,
        comment="when the default branch was seen to reach it; null where it does not,"
        " or where it was read before this was kept",
    ),
    Column(
        "unreachable_at", AT,
        comment="when no branch and no tag was seen to reach it any more; null while one does",
    ),
    Column("source", Text, nullable=False, comment="git, or graphql where no remote can be read"),
    Column("sanitized", Boolean, nullable=False, comment="something was replaced or cut off"),
    *written(),
    schema="raw",
    comment="commits that branches and tags reach, or once did",
)  # fmt: skip

git_commit_files = Table(
    "git_commit_files",
    metadata,
    repository_id(),
    Column("sha", Text, primary_key=True, comment="the commit"),
    Column(
        "ordinal", Integer, primary_key=True, autoincrement=False,
        comment="place among the files of the commit",
    ),
    Column("path", Text, nullable=False, comment="after the commit"),
    Column("previous_path", Text, comment="set where the file was renamed"),
    Column("additions", Integer, comment="lines; null for a binary file"),
    Column("deletions", Integer, comment="lines; null for a binary file"),
    schema="raw",
    comment="files that a commit changed, with line statistics",
)  # fmt: skip


def _ref_table(name: str, comment: str, *extra: Column[Any]) -> Table:
    return Table(
        name,
        metadata,
        repository_id(),
        Column("name", Text, primary_key=True, comment="without refs/heads or refs/tags"),
        Column("commit_sha", Text, comment="null where a tag names something else than a commit"),
        *extra,
        *written(),
        Column("deleted_at", AT, comment="when it was seen to be gone"),
        schema="raw",
        comment=comment,
    )


git_tags = _ref_table(
    "git_tags",
    "tags",
    Column("is_annotated", Boolean, nullable=False, comment="has an author and a date of its own"),
    Column("tagged_at", AT, comment="of an annotated tag, else of its commit"),
)
git_tags_history = Table(
    "git_tags_history",
    metadata,
    repository_id(),
    Column("name", Text, primary_key=True, comment="without refs/tags"),
    Column("valid_from", AT, primary_key=True, comment="when the tag was first seen like this"),
    Column("valid_to", AT, nullable=False, comment="when it was seen to be moved or gone"),
    Column("commit_sha", Text, comment="what it named then"),
    Column("is_annotated", Boolean, nullable=False, comment="had an author and a date of its own"),
    Column("tagged_at", AT, comment="of an annotated tag, else of its commit"),
    Column("run_id", Uuid, nullable=False, comment="the job that saw it like this"),
    schema="raw",
    comment="what tags were before they were moved",
)
git_branches = _ref_table(
    "git_branches",
    "branches",
    Column("is_default", Boolean, nullable=False, comment="the one that figures are made of"),
)

git_branches_history = Table(
    "git_branches_history",
    metadata,
    repository_id(),
    Column("name", Text, primary_key=True, comment="without refs/heads"),
    Column("valid_from", AT, primary_key=True, comment="when it was first seen like this"),
    Column("valid_to", AT, nullable=False, comment="when it was seen to be moved or gone"),
    Column("commit_sha", Text, comment="what it named then"),
    Column("is_default", Boolean, nullable=False, comment="the one that figures were made of"),
    Column("run_id", Uuid, nullable=False, comment="the job that saw it like this"),
    schema="raw",
    comment="what branches were before they were moved",
)
git_default_branch_history = Table(
    "git_default_branch_history",
    metadata,
    repository_id(),
    Column("sha", Text, primary_key=True, comment="the commit"),
    Column("valid_from", AT, primary_key=True, comment="when it was seen to be reached"),
    Column("valid_to", AT, nullable=False, comment="when it was seen to be left behind"),
    schema="raw",
    comment="when the default branch reached commits that it has left behind",
)

git_identities = Table(
    "git_identities",
    metadata,
    repository_id(),
    Column("email", Text, primary_key=True, comment="lower case"),
    Column("login", Text, comment="null where GitHub links the address to nobody"),
    Column("user_id", BigInteger, comment="GitHub's own id of the account"),
    Column("actor_type", Text, comment="User, Bot or Organization, as GitHub says"),
    Column(
        "evidence",
        Text,
        nullable=False,
        comment="commit: what GitHub says of one; noreply: the number in the address;"
        " noreply_login: only the name in it, which may be somebody else's by now",
    ),
    Column("looked_up_at", AT, nullable=False, comment="when GitHub was asked"),
    Column("run_id", Uuid, nullable=False, comment="the job that asked"),
    schema="raw",
    comment="which account a commit e-mail address belongs to, by evidence only",
)

git_mailmap = Table(
    "git_mailmap",
    metadata,
    repository_id(),
    Column("email", Text, primary_key=True, comment="of commits, lower case"),
    Column("extracted_at", AT, primary_key=True, comment="since when it is known"),
    Column("replaced_at", AT, comment="until when .mailmap said so; null while it does"),
    Column("proper_email", Text, nullable=False, comment="the one meant, lower case"),
    Column("run_id", Uuid, nullable=False, comment="the job that read it"),
    schema="raw",
    comment="which addresses of commits are another one by .mailmap at the default branch",
)

gharchive_events = Table(
    "gharchive_events",
    metadata,
    Column(
        "event_id", BigInteger, primary_key=True, autoincrement=False,
        comment="GitHub's own id; negative, a hash of the event, where GitHub gave none",
    ),
    Column("created_at", AT, primary_key=True, comment="when it happened; ids alone may collide"),
    Column("hour", AT, nullable=False, comment="the file that it was in, see ops.archive_hours"),
    Column("type", Text, nullable=False, comment="PushEvent, WatchEvent, ..., as GitHub says"),
    Column(
        "github_repository_id", BigInteger,
        comment="GitHub's own id of the repository, followed or not; null where none was given",
    ),
    Column("repository_name", Text, comment="owner/name at that time"),
    Column("actor_id", BigInteger, comment="GitHub's own id of who did it"),
    Column("actor_login", Text, comment="their name at that time"),
    Column("organization_id", BigInteger, comment="GitHub's own id of the repository's owner"),
    Column("organization_login", Text, comment="null where the owner is no organisation"),
    Column("sanitized", Boolean, nullable=False, comment="a character was replaced"),
    Column("payload", JSONB, comment="what happened, as GitHub wrote it"),
    Index(
        "ix_gharchive_events_github_repository_id_created_at", "github_repository_id", "created_at"
    ),
    schema="raw",
    comment="events of all GitHub as GH Archive has them: hints and history, never the truth",
)  # fmt: skip
