"""Milestones, open and closed."""

from gitinsight.things.thing import Reading, Thing

MILESTONES = Thing(
    "milestones",
    Reading.WHOLE,
    path="milestones",
    parameters={"state": "all"},
    total="milestones",
    catalogue=True,
)
