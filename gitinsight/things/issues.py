"""Issues, and the skeleton of every pull request: GitHub lists both together."""

from gitinsight.things.thing import Reading, Thing

ISSUES = Thing(
    "issues",
    Reading.SINCE,
    path="issues",
    parameters={"state": "all", "sort": "updated", "direction": "asc"},
    number="number",
    total="issues",
)
