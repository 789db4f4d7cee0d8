select
  made.repository_id,
  made.sha,
  parent.ordinal::integer as ordinal,
  parent.sha as parent_sha
from {{ source('raw', 'git_commits') }} as made
cross join lateral unnest(made.parents) with ordinality as parent (sha, ordinal)
