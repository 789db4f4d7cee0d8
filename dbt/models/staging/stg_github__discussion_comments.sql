select
  repository_id,
  id as comment_id,
  (payload ->> 'discussionNumber')::integer as number,
  {{ login_of("(payload -> 'author')") }} as author_login,
  (payload ->> 'createdAt')::timestamptz as created_at
from {{ source('raw', 'github_discussion_comments') }}
where deleted_at is null
