"""Discussions with their comments, without the replies to those.

They share one sequence of numbers with issues and pull requests.
"""

from gitinsight.things.thing import Reading, Thing

DISCUSSIONS = Thing(
    "discussions",
    Reading.CONNECTION,
    page_size=24,
    query="discussions",
    connection="discussions",
    key="databaseId",
    number="number",
    total="discussions",
    catalogue=True,
)
DISCUSSION_COMMENTS = Thing(
    "discussion_comments",
    Reading.EMBEDDED,
    query="discussion_comments",
    connection="comments",
    parent="discussions",
    key="databaseId",
    number="discussionNumber",
)
