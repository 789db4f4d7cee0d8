"""The schema ``auth``: who may do what, and what they have done. No secret is in it as it is."""

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from warehouse.tables.shape import AT, metadata

_DIGEST = "SHA-256 of it; the text itself is with its holder alone"
_ROLE = "viewer, analyst, maintainer or admin"
_USER = "whose; see auth.users"

users = Table(
    "users",
    metadata,
    Column("user_id", BigInteger, Identity(), primary_key=True, comment="ours, for good"),
    Column("host", Text, nullable=False, comment="API root of the GitHub that knows them"),
    Column("github_id", BigInteger, nullable=False, comment="GitHub's id of the account"),
    Column("login", Text, nullable=False, comment="as the account was called at the last login"),
    Column("role", Text, nullable=False, comment=_ROLE),
    Column("created_at", AT, nullable=False, comment="first login"),
    Column("last_login_at", AT, nullable=False, comment="last login"),
    Column("sealed_token", LargeBinary, comment="GitHub's token of the user, encrypted"),
    Column("readable_until", AT, comment="how long auth.readable_repositories is believed"),
    Index("ix_users_github_id", "host", "github_id", unique=True),
    schema="auth",
    comment="people who have logged in with GitHub",
)  # fmt: skip

readable_repositories = Table(
    "readable_repositories",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False, comment=_USER),
    Column(
        "github_id", BigInteger, primary_key=True, autoincrement=False,
        comment="GitHub's id of a private repository",
    ),
    schema="auth",
    comment="private repositories that GitHub shows to a user, as of when it was asked last",
)  # fmt: skip

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True, comment="what its access tokens name"),
    Column("user_id", BigInteger, nullable=False, comment=_USER),
    Column("created_at", AT, nullable=False, comment="when the user logged in"),
    Column("address", Text, comment="from where"),
    Column("revoked_at", AT, comment="when it was ended before its time"),
    Column("revoked_reason", Text, comment="logout or reuse"),
    Index("ix_sessions_user_id", "user_id"),
    schema="auth",
    comment="logins: the family of refresh tokens that came from each",
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True, comment=_DIGEST),
    Column("session_id", Uuid, nullable=False, comment="see auth.sessions"),
    Column("issued_at", AT, nullable=False, comment="when it was given out"),
    Column("expires_at", AT, nullable=False, comment="when it ends by itself"),
    Column("used_at", AT, comment="when the next one was given for it; a second time is a theft"),
    Index("ix_refresh_tokens_session_id", "session_id"),
    schema="auth",
    comment="refresh tokens, each good for one use",
)

used_tickets = Table(
    "used_tickets",
    metadata,
    Column("digest", LargeBinary, primary_key=True, comment=_DIGEST),
    Column("expires_at", AT, nullable=False, comment="when it could not be used again anyway"),
    schema="auth",
    comment="tickets that have opened a stream, each good for one use",
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", BigInteger, Identity(), primary_key=True, comment="ours, for good"),
    Column("user_id", BigInteger, comment=f"{_USER}; null: made with the local admin key"),
    Column("name", Text, nullable=False, comment="what its owner calls it"),
    Column("shown", Text, nullable=False, comment="how it begins, to tell it from others"),
    Column("digest", LargeBinary, nullable=False, comment=_DIGEST),
    Column("role", Text, nullable=False, comment=f"{_ROLE}; never above its owner's"),
    Column("scopes", ARRAY(Text), nullable=False, comment="what of its role it may do"),
    Column("created_at", AT, nullable=False, comment="when it was made"),
    Column("expires_at", AT, nullable=False, comment="when it ends by itself"),
    Column("last_used_at", AT, comment="to the minute"),
    Column("revoked_at", AT, comment="when it was taken back"),
    Index("ix_api_keys_digest", "digest", unique=True),
    Index("ix_api_keys_user_id", "user_id"),
    schema="auth",
    comment="keys for programs",
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Text, primary_key=True, comment="what access tokens say they are signed with"),
    Column("public_key", Text, nullable=False, comment="JWK, as it is published"),
    Column("sealed_private_key", LargeBinary, nullable=False, comment="PEM, encrypted"),
    Column("created_at", AT, nullable=False, comment="the newest one signs"),
    schema="auth",
    comment="Ed25519 keys that access tokens are signed with",
)

audit = Table(
    "audit",
    metadata,
    Column("audit_id", BigInteger, Identity(), primary_key=True, comment="in the order written"),
    Column("at", AT, nullable=False, comment="when it was answered"),
    Column("principal", Text, nullable=False, comment="admin, user:ID or key:ID"),
    Column("address", Text, comment="from where"),
    Column("method", Text, nullable=False, comment="of HTTP"),
    Column("route", Text, nullable=False, comment="template of the path"),
    Column("target", Text, nullable=False, comment="the path itself, without its query"),
    Column("status", Integer, nullable=False, comment="how it ended, of HTTP"),
    Column("request_id", Text, nullable=False, comment="under which the logs tell more"),
    Index("ix_audit_at", "at"),
    schema="auth",
    comment="every write that somebody known has asked for, done or refused",
)
