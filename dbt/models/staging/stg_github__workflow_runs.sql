-- GitHub tells of the whole repository with each run: taken apart at once, it is unpacked once.
select
  held.repository_id,
  held.id as run_id,
  run.workflow_id,
  run.name as workflow_name,
  run.event,
  run.head_branch,
  run.head_sha,
  run.status,
  run.conclusion,
  run.created_at,
  run.updated_at,
  coalesce(run.run_attempt, 1) as attempt,
  coalesce(run.run_started_at, run.created_at) as started_at
from {{ source('raw', 'github_workflow_runs') }} as held
cross join
  lateral jsonb_to_record(held.payload)
    as run (
      workflow_id bigint,
      name text,
      event text,
      head_branch text,
      head_sha text,
      status text,
      conclusion text,
      run_attempt integer,
      created_at timestamptz,
      run_started_at timestamptz,
      updated_at timestamptz
    )
where held.deleted_at is null
