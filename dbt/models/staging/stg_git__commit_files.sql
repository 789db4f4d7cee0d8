select
  repository_id,
  sha,
  ordinal,
  path,
  previous_path,
  additions as lines_added_count,
  deletions as lines_deleted_count
from {{ source('raw', 'git_commit_files') }}
