-- What waits for a release: the commits of the default branch, merges left out, that no release
-- holds. One that is older than the newest release was merged after it, and waits since then.
with recursive newest as (
  select distinct on (repository_id)
    repository_id,
    released_at,
    commit_sha
  from {{ ref('int_releases') }}
  order by repository_id asc, released_at desc, tag_name desc
),

released as (
  select
    repository_id,
    commit_sha as sha
  from {{ ref('int_releases') }}
  where commit_sha is not null
  union
  select
    released.repository_id,
    edge.parent_sha
  from released
  inner join {{ ref('stg_git__commit_parents') }} as edge
    on released.repository_id = edge.repository_id and released.sha = edge.sha
  where {{ of_job('edge.repository_id') }}
),

waiting as (
  select
    made.repository_id,
    count(*) as commits_count,
    min(made.committed_at) as oldest_at
  from {{ ref('int_commits') }} as made
  left join released on made.repository_id = released.repository_id and made.sha = released.sha
  where not made.is_merge and released.sha is null
  group by made.repository_id
)

select
  newest.repository_id,
  coalesce(waiting.commits_count, 0) as commits_since_release_count,
  case
    when waiting.oldest_at is not null
      then
        {{ hours_between(
          "greatest(newest.released_at, waiting.oldest_at)", "repository.data_as_of"
        ) }} / 24
  end as unreleased_days
from newest
inner join {{ ref('int_coverage') }} as coverage
  on newest.repository_id = coverage.repository_id and coverage.knows_commits
inner join {{ ref('int_repositories') }} as repository
  on newest.repository_id = repository.repository_id
left join waiting on newest.repository_id = waiting.repository_id
-- Where nobody knows what the newest release holds, nobody knows what it does not.
where newest.commit_sha is not null
