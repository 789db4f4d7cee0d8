"""Commits of pull requests; those that were squashed when it was merged are found here only."""

from gitinsight.things.thing import Reading, Thing

PULL_REQUEST_COMMITS = Thing(
    "pull_request_commits",
    Reading.EMBEDDED,
    query="pull_request_commits",
    connection="commits",
    parent="pull_requests",
    key="commit.oid",
    number="pullRequestNumber",
    most=250,
)
