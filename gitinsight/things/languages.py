"""Bytes of each programming language on the default branch, in one object."""

from gitinsight.things.thing import Reading, Thing

LANGUAGES = Thing("languages", Reading.OBJECT, path="languages", catalogue=True)
