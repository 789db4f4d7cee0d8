"""How many workflow runs there are."""

from gitinsight.things.thing import Reading, Thing

WORKFLOW_RUNS = Thing(
    "workflow_runs",
    Reading.COUNTED,
    path="actions/runs",
    page_size=1,
    envelope="workflow_runs",
    catalogue=True,
)
