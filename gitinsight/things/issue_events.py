"""What happened to issues and pull requests: closed, reopened, labelled, merged.

GitHub shows 300 pages of them, the newest 30,000.
"""

from gitinsight.things.thing import Reading, Thing

ISSUE_EVENTS = Thing(
    "issue_events",
    Reading.NEWEST,
    path="issues/events",
    number="issue.number",
    copies=("issue",),
    catalogue=True,
)
