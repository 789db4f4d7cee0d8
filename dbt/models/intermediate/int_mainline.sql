-- The line of first parents of the default branch, counted from its first commit: what lies on it
-- holds all that has a lower position. A merged pull request lands on it. `first_deployed_at` is
-- the first deployment to production that holds the commit: the deployed commit, or the one at
-- which its branch left the line, has the same position or a later one.
with recursive walk as (
  select
    commit.repository_id,
    commit.sha,
    commit.first_parent_sha,
    0 as distance
  from {{ ref('stg_git__branches') }} as branch
  inner join {{ ref('int_repositories') }} as repository
    on branch.repository_id = repository.repository_id and branch.name = repository.default_branch
  inner join {{ ref('stg_git__first_parents') }} as commit
    on branch.repository_id = commit.repository_id and branch.commit_sha = commit.sha
  where {{ of_job('branch.repository_id') }}
  union all
  select
    parent.repository_id,
    parent.sha,
    parent.first_parent_sha,
    walk.distance + 1
  from walk
  inner join {{ ref('stg_git__first_parents') }} as parent
    on walk.repository_id = parent.repository_id and walk.first_parent_sha = parent.sha
),

line as (
  select
    repository_id,
    sha,
    max(distance) over (partition by repository_id) - distance as position
  from walk
),

-- From each deployed commit that lies beside the line back to it.
branched as (
  select
    repository_id,
    commit_sha as deployed_sha,
    commit_sha as sha
  from {{ ref('int_deployments') }}
  where commit_sha is not null
  union
  select
    branched.repository_id,
    branched.deployed_sha,
    commit.first_parent_sha as sha
  from branched
  inner join {{ ref('stg_git__first_parents') }} as commit
    on branched.repository_id = commit.repository_id and branched.sha = commit.sha
  where
    commit.first_parent_sha is not null
    and not exists (
      select 1 from line
      where line.repository_id = branched.repository_id and line.sha = branched.sha
    )
),

deployed as (
  select
    line.repository_id,
    line.position,
    min(deployment.deployed_at) as deployed_at
  from branched
  inner join line
    on branched.repository_id = line.repository_id and branched.sha = line.sha
  inner join {{ ref('int_deployments') }} as deployment
    on
      branched.repository_id = deployment.repository_id
      and branched.deployed_sha = deployment.commit_sha
  group by line.repository_id, line.position
)

select
  line.repository_id,
  line.sha,
  line.position,
  min(deployed.deployed_at) over (
    partition by line.repository_id
    order by line.position desc
  ) as first_deployed_at
from line
left join deployed
  on line.repository_id = deployed.repository_id and line.position = deployed.position
