select
  repository_id,
  id as user_id,
  payload ->> 'login' as login,
  payload ->> 'type' as actor_type
from {{ source('raw', 'github_users') }}
where deleted_at is null
