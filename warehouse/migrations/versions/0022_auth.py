"""auth: who may do what, and what they have done

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_DIGEST = "SHA-256 of it; the text itself is with its holder alone"
_ROLE = "viewer, analyst, maintainer or admin"
_USER = "whose; see auth.users"
_TABLES = (
    "audit", "signing_keys", "api_keys", "refresh_tokens", "sessions", "readable_repositories",
    "users",
)  # fmt: skip
_ANNOUNCE = """
create function auth.announce() returns trigger language plpgsql as $$
begin
    perform pg_notify('gitinsight_access', '');
    return null;
end
$$;
create trigger announce after update on auth.users
    for each row when (old.role is distinct from new.role) execute function auth.announce();
create trigger announce after update on auth.sessions
    for each row when (old.revoked_at is distinct from new.revoked_at)
    execute function auth.announce();
create trigger announce after update on auth.api_keys
    for each row when (old.revoked_at is distinct from new.revoked_at)
    execute function auth.announce();
"""
"""Whatever takes a right away is told to every process that may have remembered it."""


def upgrade() -> None:
    op.execute("create schema auth")
    op.create_table(
        "users",
        sa.Column(
            "user_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="ours, for good"
        ),
        sa.Column(
            "host", sa.Text, nullable=False, comment="API root of the GitHub that knows them"
        ),
        sa.Column("github_id", sa.BigInteger, nullable=False, comment="GitHub's id of the account"),
        sa.Column(
            "login", sa.Text, nullable=False, comment="as the account was called at the last login"
        ),
        sa.Column("role", sa.Text, nullable=False, comment=_ROLE),
        sa.Column("created_at", _AT, nullable=False, comment="first login"),
        sa.Column("last_login_at", _AT, nullable=False, comment="last login"),
        sa.Column("sealed_token", sa.LargeBinary, comment="GitHub's token of the user, encrypted"),
        sa.Column("readable_until", _AT, comment="how long auth.readable_repositories is believed"),
        schema="auth",
        comment="people who have logged in with GitHub",
    )
    op.create_index(
        "ix_users_github_id", "users", ["host", "github_id"], unique=True, schema="auth"
    )
    op.create_table(
        "readable_repositories",
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False, comment=_USER),
        sa.Column(
            "github_id",
            sa.BigInteger,
            primary_key=True,
            autoincrement=False,
            comment="GitHub's id of a private repository",
        ),
        schema="auth",
        comment="private repositories that GitHub shows to a user, as of when it was asked last",
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Uuid, primary_key=True, comment="what its access tokens name"),
        sa.Column("user_id", sa.BigInteger, nullable=False, comment=_USER),
        sa.Column("created_at", _AT, nullable=False, comment="when the user logged in"),
        sa.Column("address", sa.Text, comment="from where"),
        sa.Column("revoked_at", _AT, comment="when it was ended before its time"),
        sa.Column("revoked_reason", sa.Text, comment="logout or reuse"),
        schema="auth",
        comment="logins: the family of refresh tokens that came from each",
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False, schema="auth")
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.LargeBinary, primary_key=True, comment=_DIGEST),
        sa.Column("session_id", sa.Uuid, nullable=False, comment="see auth.sessions"),
        sa.Column("issued_at", _AT, nullable=False, comment="when it was given out"),
        sa.Column("expires_at", _AT, nullable=False, comment="when it ends by itself"),
        sa.Column(
            "used_at", _AT, comment="when the next one was given for it; a second time is a theft"
        ),
        schema="auth",
        comment="refresh tokens, each good for one use",
    )
    op.create_index(
        "ix_refresh_tokens_session_id",
        "refresh_tokens",
        ["session_id"],
        unique=False,
        schema="auth",
    )
    op.create_table(
        "api_keys",
        sa.Column(
            "key_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="ours, for good"
        ),
        sa.Column(
            "user_id", sa.BigInteger, comment=f"{_USER}; null: made with the local admin key"
        ),
        sa.Column("name", sa.Text, nullable=False, comment="what its owner calls it"),
        sa.Column(
            "shown", sa.Text, nullable=False, comment="how it begins, to tell it from others"
        ),
        sa.Column("digest", sa.LargeBinary, nullable=False, comment=_DIGEST),
        sa.Column("role", sa.Text, nullable=False, comment=f"{_ROLE}; never above its owner's"),
        sa.Column(
            "scopes",
            postgresql.ARRAY(sa.Text),
            nullable=False,
            comment="what of its role it may do",
        ),
        sa.Column("created_at", _AT, nullable=False, comment="when it was made"),
        sa.Column("expires_at", _AT, nullable=False, comment="when it ends by itself"),
        sa.Column("last_used_at", _AT, comment="to the minute"),
        sa.Column("revoked_at", _AT, comment="when it was taken back"),
        schema="auth",
        comment="keys for programs",
    )
    op.create_index("ix_api_keys_digest", "api_keys", ["digest"], unique=True, schema="auth")
    op.create_index("ix_api_keys_user_id", "api_keys", ["user_id"], unique=False, schema="auth")
    op.create_table(
        "signing_keys",
        sa.Column(
            "kid", sa.Text, primary_key=True, comment="what access tokens say they are signed with"
        ),
        sa.Column("public_key", sa.Text, nullable=False, comment="JWK, as it is published"),
        sa.Column("sealed_private_key", sa.LargeBinary, nullable=False, comment="PEM, encrypted"),
        sa.Column("created_at", _AT, nullable=False, comment="the newest one signs"),
        schema="auth",
        comment="Ed25519 keys that access tokens are signed with",
    )
    op.create_table(
        "audit",
        sa.Column(
            "audit_id",
            sa.BigInteger,
            sa.Identity(),
            primary_key=True,
            comment="in the order written",
        ),
        sa.Column("at", _AT, nullable=False, comment="when it was answered"),
        sa.Column("principal", sa.Text, nullable=False, comment="admin, user:ID or key:ID"),
        sa.Column("address", sa.Text, comment="from where"),
        sa.Column("method", sa.Text, nullable=False, comment="of HTTP"),
        sa.Column("route", sa.Text, nullable=False, comment="template of the path"),
        sa.Column("target", sa.Text, nullable=False, comment="the path itself, without its query"),
        sa.Column("status", sa.Integer, nullable=False, comment="how it ended, of HTTP"),
        sa.Column("request_id", sa.Text, nullable=False, comment="under which the logs tell more"),
        schema="auth",
        comment="every write that somebody known has asked for, done or refused",
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False, schema="auth")
    op.execute(_ANNOUNCE)


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table, schema="auth")
    op.execute("drop function auth.announce()")
    op.execute("drop schema auth")
