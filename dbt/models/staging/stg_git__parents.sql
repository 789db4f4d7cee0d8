select
  made.repository_id,
  made.sha,
  parent.sha as parent_sha
from {{ source('raw', 'git_commits') }} as made
cross join lateral unnest(made.parents) as parent (sha)
