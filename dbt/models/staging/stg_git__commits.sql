select
  repository_id,
  sha,
  author_name,
  message,
  authored_at,
  author_tz_offset_minutes,
  committed_at,
  additions as lines_added_count,
  deletions as lines_deleted_count,
  files_count,
  cardinality(parents) > 1 as is_merge,
  {{ is_ai_coauthored('message') }} as is_ai_coauthored,
  lower(author_email) as author_email
from {{ source('raw', 'git_commits') }}
where is_on_default_branch
