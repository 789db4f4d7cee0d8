"""Jobs of the workflow runs that have ended, one request for each run.

They are the dearest thing there is, so they are read for runs of the last ninety days alone: GitHub
keeps their logs no longer.
"""

from gitinsight.things.thing import Reading, Thing

WORKFLOW_JOBS = Thing(
    "workflow_jobs",
    Reading.PER_PARENT,
    path="actions/runs/{id}/jobs",
    parameters={"filter": "all"},
    envelope="jobs",
    parent="workflow_runs",
)
