"""Labels that the repository defines."""

from gitinsight.things.thing import Reading, Thing

LABELS = Thing("labels", Reading.WHOLE, path="labels", total="labels", catalogue=True)
