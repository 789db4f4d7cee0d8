"""Releases with their assets."""

from gitinsight.things.thing import Reading, Thing

RELEASES = Thing("releases", Reading.WHOLE, path="releases", total="releases", catalogue=True)
