"""names and states of repositories are announced

Rules: additive first, destructive one release later; no lock held longer than the lock timeout;
a new column is nullable or has a constant default; indexes of large tables are built concurrently.
"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_TRIGGER = """
drop trigger announce_changed_figures on ops.repositories;
create trigger announce_changed_figures after update on ops.repositories
    for each row when (({old}) is distinct from ({new}))
    execute function ops.announce_figures();
"""


def upgrade() -> None:
    _announce("checked_at", "is_private", "full_name", "state")


def downgrade() -> None:
    _announce("checked_at", "is_private")


def _announce(*columns: str) -> None:
    told = {one: ", ".join(f"{one}.{column}" for column in columns) for one in ("old", "new")}
    op.execute(_TRIGGER.format(**told))
