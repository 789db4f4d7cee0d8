select
  repository_id,
  id as job_id,
  (payload ->> 'run_id')::bigint as run_id,
  payload ->> 'name' as name,
  payload ->> 'status' as status,
  payload ->> 'conclusion' as conclusion,
  coalesce((payload ->> 'run_attempt')::integer, 1) as attempt,
  (payload ->> 'created_at')::timestamptz as created_at,
  (payload ->> 'started_at')::timestamptz as started_at,
  (payload ->> 'completed_at')::timestamptz as completed_at
from {{ source('raw', 'github_workflow_jobs') }}
where deleted_at is null
