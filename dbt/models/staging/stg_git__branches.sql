select
  repository_id,
  name,
  commit_sha,
  is_default
from {{ source('raw', 'git_branches') }}
where deleted_at is null
