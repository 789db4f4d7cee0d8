-- Where a pull request that is merged into the default branch lands: from its head from one first
-- parent to the next.
with recursive walk as (
  select
    repository_id,
    commit_sha as sha,
    0 as distance
  from {{ ref('stg_git__branches') }}
  where {{ of_job() }} and is_default
  union all
  select
    walk.repository_id,
    parent.parent_sha as sha,
    walk.distance + 1
  from walk
  inner join {{ ref('stg_git__commit_parents') }} as parent
    on walk.repository_id = parent.repository_id and walk.sha = parent.sha and parent.ordinal = 1
  where {{ of_job('parent.repository_id') }}
)

select *
from walk
