"""Forks, the oldest first: a new one then changes the last page alone, and the others stay free."""

from gitinsight.things.thing import Reading, Thing

FORKS = Thing(
    "forks",
    Reading.WHOLE,
    path="forks",
    parameters={"sort": "oldest"},
    total="forks",
    catalogue=True,
)
