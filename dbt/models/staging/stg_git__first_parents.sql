select
  repository_id,
  sha,
  parents[1] as first_parent_sha
from {{ source('raw', 'git_commits') }}
