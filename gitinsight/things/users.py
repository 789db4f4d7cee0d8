"""Accounts that appear in any other record of the repository."""

from gitinsight.things.thing import Reading, Thing

USERS = Thing("users", Reading.EMBEDDED)
