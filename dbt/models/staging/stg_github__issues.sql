select
  repository_id,
  id as issue_id,
  (payload ->> 'number')::integer as number,
  payload ? 'pull_request' as is_pull_request,
  payload ->> 'title' as title,
  payload ->> 'state' as state,
  payload ->> 'state_reason' as state_reason,
  coalesce(payload -> 'user' ->> 'login', 'ghost') as author_login,
  jsonb_path_query_array(payload, '$.labels[*].name') as label_names,
  (payload ->> 'comments')::bigint as comments_count,
  (payload ->> 'created_at')::timestamptz as created_at,
  (payload ->> 'updated_at')::timestamptz as updated_at,
  (payload ->> 'closed_at')::timestamptz as closed_at,
  {{ digest_of("(payload ->> 'title') || E'\\n\\n' || coalesce(payload ->> 'body', '')") }}
    as text_digest
from {{ source('raw', 'github_issues') }}
where deleted_at is null
