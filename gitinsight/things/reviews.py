"""Reviews of pull requests; they arrive with the pull request that they belong to."""

from gitinsight.things.thing import Reading, Thing

REVIEWS = Thing(
    "reviews",
    Reading.EMBEDDED,
    query="reviews",
    connection="reviews",
    parent="pull_requests",
    key="fullDatabaseId",
    number="pullRequestNumber",
)
