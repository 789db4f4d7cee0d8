"""Jobs of the workflow runs that have ended, one request for each run.

They are the dearest thing there is, so they are read for runs of the last days alone: of seven
where the settings say nothing else.
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
