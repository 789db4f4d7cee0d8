-- The line of first parents of the default branch, counted from its first commit, and beside it
-- what was deployed to production from other branches. `first_deployed_at` is the first deployment
-- whose commit reaches this one, by whatever parents: a release branch brings to production what it
-- was made of. Each commit is visited once (ops.first_reached), so commits are numbered first.
with deployed as (
  select
    repository_id,
    commit_sha as sha,
    min(deployed_at) as deployed_at
  from {{ ref('int_deployments') }}
  where commit_sha is not null
  group by repository_id, commit_sha
),

-- Of repositories that deploy: elsewhere nobody asks.
parents as (
  select
    made.repository_id,
    made.sha,
    made.parent_sha
  from (select distinct repository_id from deployed) as followed
  inner join {{ ref('stg_git__commit_parents') }} as made
    on followed.repository_id = made.repository_id
  where {{ of_job('made.repository_id') }}
),

commits as (
  select
    repository_id,
    sha,
    (row_number() over (partition by repository_id order by sha))::integer as number
  from (
    select
      repository_id,
      sha
    from parents
    union
    select
      repository_id,
      parent_sha
    from parents
    union
    select
      repository_id,
      sha
    from deployed
  ) as named
),

edges as (
  select
    parents.repository_id,
    array_agg(child.number order by child.number) as children,
    array_agg(parent.number order by child.number) as parents
  from parents
  inner join commits as child
    on parents.repository_id = child.repository_id and parents.sha = child.sha
  inner join commits as parent
    on parents.repository_id = parent.repository_id and parents.parent_sha = parent.sha
  group by parents.repository_id
),

starts as (
  select
    deployed.repository_id,
    array_agg(commits.number order by deployed.deployed_at) as numbers,
    array_agg(deployed.deployed_at order by deployed.deployed_at) as instants
  from deployed
  inner join commits
    on deployed.repository_id = commits.repository_id and deployed.sha = commits.sha
  group by deployed.repository_id
),

reached as (
  select
    starts.repository_id,
    found.number,
    found.reached_at
  from starts
  left join edges on starts.repository_id = edges.repository_id
  cross join
    lateral ops.first_reached(edges.children, edges.parents, starts.numbers, starts.instants)
      as found
),

held as (
  select
    commits.repository_id,
    commits.sha,
    reached.reached_at
  from reached
  inner join commits
    on reached.repository_id = commits.repository_id and reached.number = commits.number
),

line as (
  select
    repository_id,
    sha,
    max(distance) over (partition by repository_id) - distance as position
  from {{ ref('int_first_parents') }}
)

select
  line.position,
  held.reached_at as first_deployed_at,
  coalesce(line.repository_id, held.repository_id) as repository_id,
  coalesce(line.sha, held.sha) as sha
from line
full join held on line.repository_id = held.repository_id and line.sha = held.sha
