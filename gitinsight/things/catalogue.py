"""Every thing, in the order in which a person would list them."""

from gitinsight.things.git import BRANCHES, COMMIT_FILES, COMMITS, IDENTITIES, TAGS
from gitinsight.things.issue_comments import ISSUE_COMMENTS
from gitinsight.things.issue_events import ISSUE_EVENTS
from gitinsight.things.issues import ISSUES
from gitinsight.things.labels import LABELS
from gitinsight.things.milestones import MILESTONES
from gitinsight.things.pull_requests import PULL_REQUESTS
from gitinsight.things.releases import RELEASES
from gitinsight.things.repositories import REPOSITORIES
from gitinsight.things.review_comments import REVIEW_COMMENTS
from gitinsight.things.reviews import REVIEWS
from gitinsight.things.thing import Reading, Thing
from gitinsight.things.users import USERS
from gitinsight.things.workflow_runs import WORKFLOW_RUNS

THINGS: tuple[Thing, ...] = (
    REPOSITORIES,
    ISSUES,
    ISSUE_COMMENTS,
    PULL_REQUESTS,
    REVIEWS,
    REVIEW_COMMENTS,
    LABELS,
    MILESTONES,
    RELEASES,
    ISSUE_EVENTS,
    WORKFLOW_RUNS,
    USERS,
    COMMITS,
    COMMIT_FILES,
    TAGS,
    BRANCHES,
    IDENTITIES,
)

GITHUB_THINGS = tuple(
    thing for thing in THINGS if thing.reading is not Reading.GIT and thing.has_table
)
"""Those that GitHub's API holds and that are kept as payloads, one raw table each."""
