"""Files that pull requests change, with line statistics."""

from gitinsight.things.thing import Reading, Thing

PULL_REQUEST_FILES = Thing(
    "pull_request_files",
    Reading.EMBEDDED,
    query="pull_request_files",
    connection="files",
    parent="pull_requests",
    key="path",
    number="pullRequestNumber",
    counter="changedFiles",
    most=3_000,
)
