"""Comments on issues and on the conversation of pull requests."""

from gitinsight.things.thing import Reading, Thing

ISSUE_COMMENTS = Thing(
    "issue_comments",
    Reading.SINCE,
    path="issues/comments",
    parameters={"sort": "updated", "direction": "asc"},
    number="issue_url",
)
