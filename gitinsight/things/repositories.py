"""The repository object itself: settings, counters, default branch."""

from gitinsight.things.thing import Reading, Thing

REPOSITORIES = Thing("repositories", Reading.OBJECT)
