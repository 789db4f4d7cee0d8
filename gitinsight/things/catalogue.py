"""Every thing, in the order in which a person would list them."""

from gitinsight.things.community_profile import COMMUNITY_PROFILE
from gitinsight.things.deployments import DEPLOYMENTS
from gitinsight.things.discussions import DISCUSSION_COMMENTS, DISCUSSIONS
from gitinsight.things.forks import FORKS
from gitinsight.things.git import BRANCHES, COMMIT_FILES, COMMITS, IDENTITIES, TAGS
from gitinsight.things.issue_comments import ISSUE_COMMENTS
from gitinsight.things.issue_events import ISSUE_EVENTS
from gitinsight.things.issues import ISSUES
from gitinsight.things.labels import LABELS
from gitinsight.things.languages import LANGUAGES
from gitinsight.things.milestones import MILESTONES
from gitinsight.things.pull_request_commits import PULL_REQUEST_COMMITS
from gitinsight.things.pull_request_files import PULL_REQUEST_FILES
from gitinsight.things.pull_requests import PULL_REQUESTS
from gitinsight.things.releases import RELEASES
from gitinsight.things.repositories import REPOSITORIES
from gitinsight.things.review_comments import REVIEW_COMMENTS
from gitinsight.things.reviews import REVIEWS
from gitinsight.things.stars_history import STARS_HISTORY
from gitinsight.things.thing import Reading, Thing
from gitinsight.things.users import USERS
from gitinsight.things.workflow_jobs import WORKFLOW_JOBS
from gitinsight.things.workflow_runs import WORKFLOW_RUNS

THINGS: tuple[Thing, ...] = (
    REPOSITORIES,
    ISSUES,
    ISSUE_COMMENTS,
    PULL_REQUESTS,
    REVIEWS,
    REVIEW_COMMENTS,
    PULL_REQUEST_COMMITS,
    PULL_REQUEST_FILES,
    LABELS,
    MILESTONES,
    RELEASES,
    ISSUE_EVENTS,
    DISCUSSIONS,
    DISCUSSION_COMMENTS,
    STARS_HISTORY,
    FORKS,
    WORKFLOW_RUNS,
    WORKFLOW_JOBS,
    DEPLOYMENTS,
    LANGUAGES,
    COMMUNITY_PROFILE,
    USERS,
    COMMITS,
    COMMIT_FILES,
    TAGS,
    BRANCHES,
    IDENTITIES,
)

GITHUB_THINGS = tuple(thing for thing in THINGS if thing.reading is not Reading.GIT)
"""Those that GitHub's API holds and that are kept as payloads, one raw table each."""

NUMBERED = tuple(thing for thing in GITHUB_THINGS if thing.number)
"""Those that are about an issue, a pull request or a discussion."""


def children(parent: Thing) -> tuple[Thing, ...]:
    """What comes inside the records of ``parent``."""
    return tuple(
        thing
        for thing in THINGS
        if thing.parent == parent.name and thing.reading is Reading.EMBEDDED
    )
