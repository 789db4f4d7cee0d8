select
  repository_id,
  name,
  commit_sha,
  is_annotated,
  tagged_at
from {{ source('raw', 'git_tags') }}
where deleted_at is null
