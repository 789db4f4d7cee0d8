"""Stars by week, thirty weeks a page; the persons who gave them are not shown any more.

GitHub keeps who starred a repository to those who may write to it, and gives everybody this
instead: the start of a week, its stars, and those of each day. Whether the edges are at midnight
UTC is not documented.
"""

from gitinsight.things.thing import Reading, Thing

STARS_HISTORY = Thing(
    "stars_history",
    Reading.NEWEST,
    path="stargazers/history",
    page_size=30,
    key="week",
    total="stargazers",
    catalogue=True,
    is_optional=True,
)
