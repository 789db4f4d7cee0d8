select
  repository_id,
  id as comment_id,
  substring(payload ->> 'issue_url' from '/([0-9]+)$')::integer as number,
  coalesce(payload -> 'user' ->> 'login', 'ghost') as author_login,
  (payload ->> 'created_at')::timestamptz as created_at,
  (payload ->> 'updated_at')::timestamptz as updated_at,
  {{ digest_of("nullif(payload ->> 'body', '')") }} as text_digest
from {{ source('raw', 'github_issue_comments') }}
where deleted_at is null
