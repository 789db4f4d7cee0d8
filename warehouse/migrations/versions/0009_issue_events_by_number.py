"""Issue events are found by the number of their issue, with which they go."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INDEX = "ix_github_issue_events_number"


def upgrade() -> None:
    op.create_index(
        _INDEX,
        "github_issue_events",
        ["repository_id", sa.text("((payload #>> '{issue,number}')::int)")],
        schema="raw",
    )


def downgrade() -> None:
    op.drop_index(_INDEX, "github_issue_events", schema="raw")
