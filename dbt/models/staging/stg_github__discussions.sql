select
  repository_id,
  id as discussion_id,
  (payload ->> 'number')::integer as number,
  {{ login_of("(payload -> 'author')") }} as author_login,
  (payload ->> 'createdAt')::timestamptz as created_at
from {{ source('raw', 'github_discussions') }}
where deleted_at is null
