"""What is to come and what was odd: forecasts, how good they are, and anomalies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "anomalies",
        sa.Column(
            "repository_id",
            sa.BigInteger,
            primary_key=True,
            autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("metric", sa.Text, primary_key=True, comment="what was counted, of humans"),
        sa.Column(
            "first_day",
            sa.Date,
            primary_key=True,
            comment="the day, or the Monday of the week",
        ),
        sa.Column(
            "days_count",
            sa.Integer,
            primary_key=True,
            autoincrement=False,
            comment="1 is a day that had more, 7 a week that had less",
        ),
        sa.Column("observed_count", sa.BigInteger, nullable=False, comment="what was counted"),
        sa.Column("expected_count", sa.Double, nullable=False, comment="the mean of those before"),
        sa.Column(
            "surprise_score",
            sa.Double,
            nullable=False,
            comment="-log10 of the probability of so much, or so little, by what was before",
        ),
        sa.Column(
            "quiet_days_count",
            sa.Integer,
            nullable=False,
            comment="days right before without anything: what piles up comes at once",
        ),
        sa.Column(
            "top_persons",
            JSONB,
            nullable=False,
            comment="the three humans who did most of it",
        ),
        sa.Column(
            "releases",
            JSONB,
            nullable=False,
            comment="tags that were released on those days, or a day before or after",
        ),
        sa.Column(
            "as_of",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the instant that the figures describe",
        ),
        sa.Column(
            "definition",
            sa.Text,
            nullable=False,
            comment="what was computed, and its version",
        ),
        sa.Column("job_id", sa.Uuid, nullable=False, comment="the job that computed it"),
        schema="insights",
        comment="days of the last year with more than is usual, weeks with less, and who and what"
        " was there",
    )
    op.create_table(
        "forecasts",
        sa.Column(
            "repository_id",
            sa.BigInteger,
            primary_key=True,
            autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("metric", sa.Text, primary_key=True, comment="what is forecast, week by week"),
        sa.Column(
            "horizon_weeks",
            sa.Integer,
            primary_key=True,
            autoincrement=False,
            comment="how many weeks after the last one that is complete",
        ),
        sa.Column(
            "iso_week",
            sa.Date,
            nullable=False,
            comment="the Monday of the week that is forecast",
        ),
        sa.Column("value", sa.Double, nullable=False, comment="what is expected"),
        sa.Column(
            "low_80",
            sa.Double,
            nullable=False,
            comment="eight in ten weeks lie above this and",
        ),
        sa.Column("high_80", sa.Double, nullable=False, comment="below this"),
        sa.Column(
            "low_95",
            sa.Double,
            nullable=False,
            comment="95 in a hundred lie above this and",
        ),
        sa.Column("high_95", sa.Double, nullable=False, comment="below this"),
        sa.Column(
            "method",
            sa.Text,
            nullable=False,
            comment="the one that erred least in the back-test",
        ),
        sa.Column(
            "as_of",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the instant that the figures describe",
        ),
        sa.Column(
            "definition",
            sa.Text,
            nullable=False,
            comment="what was computed, and its version",
        ),
        sa.Column("job_id", sa.Uuid, nullable=False, comment="the job that computed it"),
        schema="insights",
        comment="the eight weeks to come, where a back-test has beaten the year before",
    )
    op.create_table(
        "forecast_accuracy",
        sa.Column(
            "repository_id",
            sa.BigInteger,
            primary_key=True,
            autoincrement=False,
            comment="our own id, see ops.repositories",
        ),
        sa.Column("metric", sa.Text, primary_key=True, comment="what is forecast, week by week"),
        sa.Column(
            "method",
            sa.Text,
            primary_key=True,
            comment="what was tried; none where the series could not be tried at all",
        ),
        sa.Column(
            "is_shown",
            sa.Boolean,
            nullable=False,
            comment="whether insights.forecasts shows it",
        ),
        sa.Column(
            "reason",
            sa.Text,
            comment="of the metric: why nothing is forecast, or nothing but the average; null"
            " where the best method is shown",
        ),
        sa.Column(
            "origins_count",
            sa.Integer,
            nullable=False,
            comment="back-tests, eight weeks apart",
        ),
        sa.Column(
            "mase",
            sa.Double,
            comment="mean absolute scaled error: below 1 is better than the year before was;"
            " null without a back-test",
        ),
        sa.Column(
            "coverage_80_ratio",
            sa.Double,
            comment="weeks of the back-test that lay in the interval of 80 %; null without one",
        ),
        sa.Column(
            "as_of",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the instant that the figures describe",
        ),
        sa.Column(
            "definition",
            sa.Text,
            nullable=False,
            comment="what was computed, and its version",
        ),
        sa.Column("job_id", sa.Uuid, nullable=False, comment="the job that computed it"),
        schema="insights",
        comment="how well each method would have forecast the weeks before, and why none is shown",
    )


def downgrade() -> None:
    for table in ("forecast_accuracy", "forecasts", "anomalies"):
        op.drop_table(table, schema="insights")
