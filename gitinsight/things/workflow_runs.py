"""Runs of GitHub Actions, newest attempt of each.

A filtered list shows a thousand at most, an unfiltered one some forty thousand, so they are asked
for by windows of creation. A run can be started again for 30 days, so the last 35 are asked for
anew.
"""

from gitinsight.things.thing import Reading, Thing

WORKFLOW_RUNS = Thing(
    "workflow_runs",
    Reading.WINDOWED,
    path="actions/runs",
    envelope="workflow_runs",
    copies=("repository", "head_repository"),
    catalogue=True,
    moves_alone=True,
)
