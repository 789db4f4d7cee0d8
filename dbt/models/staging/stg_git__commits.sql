select
  repository_id,
  sha,
  cardinality(parents) > 1 as is_merge,
  author_name,
  lower(author_email) as author_email,
  authored_at,
  author_tz_offset_minutes,
  committed_at,
  additions as lines_added_count,
  deletions as lines_deleted_count,
  files_count
from {{ source('raw', 'git_commits') }}
where is_on_default_branch
