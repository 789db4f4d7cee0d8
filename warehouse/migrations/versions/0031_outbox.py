"""events for a message broker, written with what they tell of

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_FUNCTIONS = """
create function ops.put_message(id text, key text, of_repository bigint, told jsonb)
returns void language sql as $$
    insert into ops.outbox (message_id, routing_key, repository_id, body, at)
    select id, key, of_repository, told, clock_timestamp()
    where exists (select from ops.outbox_readers where seen_at > now() - interval '7 days')
$$;
create function ops.tell_job_event() returns trigger language plpgsql as $$
begin
    perform ops.put_message(
        'job:' || new.job_id || ':' || new.seq,
        'job.' || new.state || '.' || coalesce(new.stage, 'none'),
        new.repository_id, to_jsonb(new) - 'event_id'
    );
    return null;
end $$;
create trigger tell after insert on ops.job_events
    for each row execute function ops.tell_job_event();
create function ops.tell_publication() returns trigger language plpgsql as $$
declare
    shown ops.publications := case when tg_op = 'DELETE' then old else new end;
    what text := case when tg_op = 'DELETE' then 'withdrawn'
        when tg_op = 'UPDATE' and new.job_id = old.job_id then 'corrected' else 'published' end;
begin
    perform ops.put_message(
        'insight:' || shown.repository_id || ':' || shown.publication
            || case what when 'withdrawn' then '-withdrawn' else '' end,
        'insight.' || what, shown.repository_id,
        to_jsonb(shown) - 'coverage' || jsonb_build_object('event', what)
    );
    return null;
end $$;
create trigger tell after insert or update or delete on ops.publications
    for each row execute function ops.tell_publication();
"""


def upgrade() -> None:
    at = sa.DateTime(timezone=True)
    op.create_table(
        "outbox",
        sa.Column(
            "outbox_id", sa.BigInteger, sa.Identity(), primary_key=True,
            comment="in the order in which it happened, of one job and of one repository",
        ),
        sa.Column(
            "message_id", sa.Text, nullable=False, comment="the same however often it is sent"
        ),
        sa.Column("routing_key", sa.Text, nullable=False, comment="see docs/messages.md"),
        sa.Column(
            "repository_id", sa.BigInteger, nullable=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("body", JSONB, nullable=False, comment="what is told"),
        sa.Column(
            "at", at, nullable=False, comment="when it was written, with what it tells of"
        ),
        schema="ops",
        comment="events that no broker has confirmed yet; written with what they tell of",
    )  # fmt: skip
    op.create_index("ix_outbox_at", "outbox", ["at"], schema="ops")
    op.create_table(
        "outbox_readers",
        sa.Column(
            "exchange", sa.Text, primary_key=True, comment="where messages are published"
        ),
        sa.Column(
            "seen_at", at, nullable=False, comment="when a worker last looked for some"
        ),
        schema="ops",
        comment="who takes messages; a week after the last one was seen none is written any more",
    )  # fmt: skip
    op.execute(_FUNCTIONS)


def downgrade() -> None:
    op.execute("drop function ops.tell_publication cascade")
    op.execute("drop function ops.tell_job_event cascade")
    op.execute("drop function ops.put_message")
    op.drop_table("outbox_readers", schema="ops")
    op.drop_table("outbox", schema="ops")
