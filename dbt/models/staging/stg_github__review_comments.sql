select
  repository_id,
  id as comment_id,
  substring(payload ->> 'pull_request_url' from '/([0-9]+)$')::integer as number,
  (payload ->> 'pull_request_review_id')::bigint as review_id,
  coalesce(payload -> 'user' ->> 'login', 'ghost') as author_login,
  (payload ->> 'created_at')::timestamptz as created_at,
  (payload ->> 'updated_at')::timestamptz as updated_at,
  {{ digest_of("nullif(payload ->> 'body', '')") }} as text_digest
from {{ source('raw', 'github_review_comments') }}
where deleted_at is null
