"""Comments on the lines of a pull request."""

from gitinsight.things.thing import Reading, Thing

REVIEW_COMMENTS = Thing(
    "review_comments",
    Reading.SINCE,
    path="pulls/comments",
    parameters={"sort": "updated", "direction": "asc"},
    number="pull_request_url",
)
