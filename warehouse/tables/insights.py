"""The schema ``insights``: what Python computes, for analysts to read beside the marts."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.shape import AT, Vector, metadata, repository_id


def _origin() -> tuple[Column[Any], ...]:
    return (
        Column("as_of", AT, nullable=False, comment="the instant that the figures describe"),
        Column("definition", Text, nullable=False, comment="what was computed, and its version"),
        Column("job_id", Uuid, nullable=False, comment="the job that computed it"),
    )


anomalies = Table(
    "anomalies",
    metadata,
    repository_id(),
    Column("metric", Text, primary_key=True, comment="what was counted, of humans"),
    Column("first_day", Date, primary_key=True, comment="the day, or the Monday of the week"),
    Column(
        "days_count", Integer, primary_key=True, autoincrement=False,
        comment="1 is a day that had more, 7 a week that had less",
    ),
    Column("observed_count", BigInteger, nullable=False, comment="what was counted"),
    Column("expected_count", Double, nullable=False, comment="the mean of those before"),
    Column(
        "surprise_score", Double, nullable=False,
        comment="-log10 of the probability of so much, or so little, by what was before",
    ),
    Column(
        "quiet_days_count", Integer, nullable=False,
        comment="days right before without anything: what piles up comes at once",
    ),
    Column("top_persons", JSONB, nullable=False, comment="the three humans who did most of it"),
    Column(
        "releases", JSONB, nullable=False, comment="tags that were released on those days, or a day"
        " before or after",
    ),
    *_origin(),
    schema="insights",
    comment="days of the last year with more than is usual, weeks with less, and who and what was"
    " there",
)  # fmt: skip

bus_factor = Table(
    "bus_factor",
    metadata,
    repository_id(),
    Column("window_days", Integer, primary_key=True, autoincrement=False, comment="0 is all time"),
    Column("caf_50_count", Integer, comment="persons with half of the commits; null without any"),
    Column("caf_80_count", Integer, comment="persons with 80 % of the commits; null without any"),
    Column("hhi_ratio", Double, comment="Herfindahl-Hirschman index of commit shares"),
    Column("gini_ratio", Double, comment="Gini coefficient of commits; 0 is all alike"),
    Column("commits_count", BigInteger, nullable=False, comment="human commits seen"),
    Column("persons_count", BigInteger, nullable=False, comment="humans with a commit"),
    Column("top_persons", JSONB, nullable=False, comment="the ten with the most commits"),
    *_origin(),
    schema="insights",
    comment="how few persons hold most of the recent work",
)

forecasts = Table(
    "forecasts",
    metadata,
    repository_id(),
    Column("metric", Text, primary_key=True, comment="what is forecast, week by week"),
    Column(
        "horizon_weeks", Integer, primary_key=True, autoincrement=False,
        comment="how many weeks after the last one that is complete",
    ),
    Column("iso_week", Date, nullable=False, comment="the Monday of the week that is forecast"),
    Column("value", Double, nullable=False, comment="what is expected"),
    Column("low_80", Double, nullable=False, comment="eight in ten weeks lie above this and"),
    Column("high_80", Double, nullable=False, comment="below this"),
    Column("low_95", Double, nullable=False, comment="95 in a hundred lie above this and"),
    Column("high_95", Double, nullable=False, comment="below this"),
    Column("method", Text, nullable=False, comment="the one that erred least in the back-test"),
    *_origin(),
    schema="insights",
    comment="the eight weeks to come, where a back-test has beaten the year before",
)  # fmt: skip

forecast_accuracy = Table(
    "forecast_accuracy",
    metadata,
    repository_id(),
    Column("metric", Text, primary_key=True, comment="what is forecast, week by week"),
    Column(
        "method", Text, primary_key=True,
        comment="what was tried; none where the series could not be tried at all",
    ),
    Column("is_shown", Boolean, nullable=False, comment="whether insights.forecasts shows it"),
    Column(
        "reason", Text,
        comment="of the metric: why nothing is forecast, or nothing but the average; null where"
        " the best method is shown",
    ),
    Column("origins_count", Integer, nullable=False, comment="back-tests, eight weeks apart"),
    Column(
        "mase", Double,
        comment="mean absolute scaled error: below 1 is better than the year before was; null"
        " without a back-test",
    ),
    Column(
        "coverage_80_ratio", Double,
        comment="weeks of the back-test that lay in the interval of 80 %; null without one",
    ),
    *_origin(),
    schema="insights",
    comment="how well each method would have forecast the weeks before, and why none is shown",
)  # fmt: skip

review_centrality = Table(
    "review_centrality",
    metadata,
    repository_id(),
    Column("person", Text, primary_key=True, comment="a human who reviewed or was reviewed"),
    Column("window_days", Integer, nullable=False, comment="reviews of so many days before as_of"),
    Column("reviews_given_count", BigInteger, nullable=False, comment="of what others opened"),
    Column("reviews_received_count", BigInteger, nullable=False, comment="by other humans"),
    Column("authors_count", BigInteger, nullable=False, comment="humans whom they reviewed"),
    Column("reviewers_count", BigInteger, nullable=False, comment="humans who reviewed them"),
    Column("reciprocity_ratio", Double, nullable=False, comment="of these, those who did both"),
    Column(
        "betweenness_ratio", Double,
        comment="of the shortest ways between two others those through them, by ties and not by"
        " their weight; null where there are no two others",
    ),
    Column(
        "sources_count", BigInteger,
        comment="persons whose ways were counted; an estimate where these are not all of them, and"
        " null before review-centrality@2",
    ),
    *_origin(),
    schema="insights",
    comment="who holds the network of reviews among humans together",
)  # fmt: skip

review_latency = Table(
    "review_latency",
    metadata,
    repository_id(),
    Column("subject", Text, primary_key=True, comment="issues or pull_requests"),
    Column("opened_count", BigInteger, nullable=False, comment="opened by humans"),
    Column("answered_count", BigInteger, nullable=False, comment="answered by another human"),
    Column("censored_count", BigInteger, nullable=False, comment="not answered yet"),
    Column("p50_hours", Double, comment="median of the answered"),
    Column("p75_hours", Double, comment="75th percentile of the answered"),
    Column("p90_hours", Double, comment="90th percentile of the answered"),
    Column("km_p50_hours", Double, comment="Kaplan-Meier median; null if half is not reached"),
    Column("within_48_hours_ratio", Double, comment="of all opened"),
    *_origin(),
    schema="insights",
    comment="how long until another human answers",
)

truck_factor = Table(
    "truck_factor",
    metadata,
    repository_id(),
    Column("truck_factor_count", Integer, comment="authors to lose until most files have none"),
    Column("files_count", BigInteger, nullable=False, comment="source files that are there"),
    Column("authors_count", BigInteger, nullable=False, comment="humans who are author of a file"),
    Column("top_persons", JSONB, nullable=False, comment="the ten who are author of most files"),
    *_origin(),
    schema="insights",
    comment="on how few people the files rest, by degree of authorship",
)

text_tone = Table(
    "text_tone",
    metadata,
    repository_id(),
    Column("text_digest", LargeBinary, primary_key=True, comment="SHA-256 of the text in UTF-8"),
    Column("label", Text, comment="negative, neutral, positive or unsure; null if not scored"),
    Column("negative_ratio", Double, comment="probability that it sounds displeased"),
    Column("neutral_ratio", Double, comment="probability that it sounds neither"),
    Column("positive_ratio", Double, comment="probability that it sounds pleased"),
    Column("unscored_reason", Text, comment="no_words or not_english; null if it was scored"),
    Column("model", Text, nullable=False, comment="the model that said it, and its version"),
    Column("scored_at", AT, nullable=False, comment="when it was looked at"),
    schema="insights",
    comment="how texts of issues, pull requests, reviews and comments sound; of nobody by name",
)

issue_vectors = Table(
    "issue_vectors",
    metadata,
    repository_id(),
    Column(
        "id",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="of the issue or pull request in raw.github_issues",
    ),
    Column("is_pull_request", Boolean, nullable=False, comment="it is one, and no issue"),
    Column("text_digest", LargeBinary, nullable=False, comment="SHA-256 of title and body"),
    Column(
        "vector", Vector(), nullable=False, comment="what it means: near what speaks of the same"
    ),
    Column("model", Text, nullable=False, comment="the model that said it, and its version"),
    Column("embedded_at", AT, nullable=False, comment="when it was looked at"),
    schema="insights",
    comment="what issues and pull requests mean, for searches; no figure, and of nobody by name",
)
