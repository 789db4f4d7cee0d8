select
  repository_id,
  id as fork_id,
  payload ->> 'full_name' as full_name,
  coalesce(payload -> 'owner' ->> 'login', 'ghost') as owner_login,
  (payload ->> 'created_at')::timestamptz as created_at
from {{ source('raw', 'github_forks') }}
where deleted_at is null
