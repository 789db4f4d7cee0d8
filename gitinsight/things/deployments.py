"""Deployments with the newest of their statuses."""

from gitinsight.things.thing import Reading, Thing

DEPLOYMENTS = Thing(
    "deployments",
    Reading.CONNECTION,
    page_size=50,
    query="deployments",
    connection="deployments",
    key="databaseId",
    total="deployments",
    catalogue=True,
)
