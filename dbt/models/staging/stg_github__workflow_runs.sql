select
  repository_id,
  id as run_id,
  (payload ->> 'workflow_id')::bigint as workflow_id,
  payload ->> 'name' as workflow_name,
  payload ->> 'event' as event,
  payload ->> 'head_branch' as head_branch,
  payload ->> 'head_sha' as head_sha,
  payload ->> 'status' as status,
  payload ->> 'conclusion' as conclusion,
  coalesce((payload ->> 'run_attempt')::integer, 1) as attempt,
  (payload ->> 'created_at')::timestamptz as created_at,
  coalesce(payload ->> 'run_started_at', payload ->> 'created_at')::timestamptz as started_at,
  (payload ->> 'updated_at')::timestamptz as updated_at
from {{ source('raw', 'github_workflow_runs') }}
where deleted_at is null
