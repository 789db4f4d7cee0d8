"""versions of principals

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# Whoever writes, an older release or a person, too: no version stays.
_RENEWED = """
create function ops.renew_version() returns trigger language plpgsql as $$
begin
    new.version := gen_random_uuid();
    return new;
end $$;
create trigger renew before insert or update on ops.principals
    for each row execute function ops.renew_version();
update ops.principals set version = null;
"""


def upgrade() -> None:
    op.add_column(
        "principals",
        sa.Column(
            "version", sa.Uuid,
            comment="another one with each change: who writes what he knows has to name the last",
        ),
        schema="ops",
    )  # fmt: skip
    op.execute(_RENEWED)


def downgrade() -> None:
    op.execute("drop function ops.renew_version cascade")
    op.drop_column("principals", "version", schema="ops")
