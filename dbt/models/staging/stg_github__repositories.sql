select
  repository_id,
  id as github_id,
  (payload ->> 'created_at')::timestamptz as created_at,
  (payload ->> 'pushed_at')::timestamptz as pushed_at,
  payload ->> 'language' as language,
  extracted_at as seen_at,
  {{ repository_counters() }},
  (payload ->> 'archived')::boolean as is_archived
from {{ source('raw', 'github_repositories') }}
where deleted_at is null
