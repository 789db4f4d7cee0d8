"""Pull requests in full, hydrated when the issue list shows them as changed.

24 a query: with its six nested connections the query then costs one point, answers in about a
second, and stays below the size at which GitHub has been seen to cut nested lists silently.
"""

from gitinsight.things.thing import Reading, Thing

PULL_REQUESTS = Thing(
    "pull_requests",
    Reading.HYDRATED,
    path="pulls",
    parameters={"state": "all", "sort": "created", "direction": "asc"},
    page_size=24,
    query="pull_requests",
    key="fullDatabaseId",
    number="number",
    total="pullRequests",
)
