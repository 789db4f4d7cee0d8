"""What git itself knows, at no API cost: commits with line statistics, tags, branches."""

from gitinsight.things.thing import Reading, Thing

COMMITS = Thing("commits", Reading.GIT, query="commit_history")
COMMIT_FILES = Thing("commit_files", Reading.GIT)
TAGS = Thing("tags", Reading.GIT)
BRANCHES = Thing("branches", Reading.GIT)
IDENTITIES = Thing("identities", Reading.GIT, query="commit_authors")
