"""The schema ``insights``: what Python computes, for analysts to read beside the marts."""

from typing import Any

from sqlalchemy import BigInteger, Column, Double, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.shape import AT, metadata, repository_id


def _origin() -> tuple[Column[Any], ...]:
    return (
        Column("as_of", AT, nullable=False, comment="the instant that the figures describe"),
        Column("definition", Text, nullable=False, comment="what was computed, and its version"),
        Column("job_id", Uuid, nullable=False, comment="the job that computed it"),
    )


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
