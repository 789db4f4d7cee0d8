select
  repository_id,
  id as milestone_id,
  payload ->> 'title' as title,
  payload ->> 'state' as state,
  (payload ->> 'created_at')::timestamptz as created_at,
  (payload ->> 'due_on')::timestamptz as due_at,
  (payload ->> 'closed_at')::timestamptz as closed_at
from {{ source('raw', 'github_milestones') }}
where deleted_at is null
