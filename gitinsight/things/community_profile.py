"""What GitHub recommends a public repository to have, and what of it is there."""

from gitinsight.things.thing import Reading, Thing

COMMUNITY_PROFILE = Thing(
    "community_profile", Reading.OBJECT, path="community/profile", catalogue=True, is_optional=True
)
