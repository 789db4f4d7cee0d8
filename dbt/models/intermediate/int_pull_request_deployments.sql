-- Merged pull requests with the first deployment to production that holds what was merged: by git
-- the first one whose commit reaches the merge commit, into whatever branch it was merged. Where
-- GitHub does not name the commit, or no commits are held, by time: the first one after the merge.
with merged as (
  select
    pull.repository_id,
    pull.number,
    item.author_login,
    pull.first_commit_at,
    pull.created_at,
    pull.merged_at,
    line.first_deployed_at,
    case
      when line.sha is not null then 'git'
      when pull.merge_commit_sha is null or not coalesce(coverage.knows_commits, false) then 'time'
    end as evidence
  from {{ ref('stg_github__pull_requests') }} as pull
  inner join {{ ref('int_items') }} as item
    on pull.repository_id = item.repository_id and pull.number = item.number
  left join {{ ref('int_coverage') }} as coverage on pull.repository_id = coverage.repository_id
  left join {{ ref('int_mainline') }} as line
    on pull.repository_id = line.repository_id and pull.merge_commit_sha = line.sha
  where {{ of_job('pull.repository_id') }} and pull.merged_at is not null
),

deployed as (
  select
    merged.*,
    case
      when merged.evidence = 'git' then merged.first_deployed_at
      when merged.evidence = 'time' then (
        select min(deployment.deployed_at)
        from {{ ref('int_deployments') }} as deployment
        where
          merged.repository_id = deployment.repository_id
          and merged.merged_at <= deployment.deployed_at
      )
    end as deployed_at
  from merged
)

select
  repository_id,
  number,
  author_login,
  evidence,
  merged_at,
  deployed_at,
  {{ hours_between('merged_at', 'deployed_at') }} as deploy_hours,
  -- What was in production before its merge has waited for no deployment; the phases sum to this.
  case
    when first_commit_at is not null and deployed_at >= merged_at
      then {{ hours_between('least(first_commit_at, created_at)', 'deployed_at') }}
  end as cycle_to_deploy_hours
from deployed
where deployed_at is not null
