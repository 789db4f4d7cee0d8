-- Runs of GitHub Actions. GitHub keeps what became of the newest attempt; of the first one of a run
-- that was started again the jobs tell, where they are held: as bad as the worst of them.
with jobs as (
  select
    repository_id,
    run_id,
    case
      when bool_or(attempt = 1 and conclusion is null) then null
      when bool_or(attempt = 1 and conclusion = 'failure') then 'failure'
      when bool_or(attempt = 1 and conclusion = 'timed_out') then 'timed_out'
      when bool_or(attempt = 1 and conclusion = 'cancelled') then 'cancelled'
      when bool_or(attempt = 1 and conclusion = 'success') then 'success'
      when bool_or(attempt = 1) then 'skipped'
    end as first_conclusion
  from {{ ref('stg_github__workflow_jobs') }}
  where {{ of_job() }}
  group by repository_id, run_id
),

told as (
  select
    run.repository_id,
    run.run_id,
    run.workflow_id,
    run.workflow_name,
    run.head_sha,
    run.created_at,
    run.attempt > 1 as is_rerun,
    coalesce(
      run.head_branch = repository.default_branch
      and run.event not in ('pull_request', 'pull_request_target'), false
    ) as is_on_default_branch,
    case when run.status = 'completed' then run.conclusion end as conclusion,
    case
      when run.attempt > 1 then jobs.first_conclusion
      when run.status = 'completed' then run.conclusion
    end as first_conclusion,
    case
      when run.status = 'completed'
        then {{ hours_between('run.started_at', 'run.updated_at') }} * 60
    end as run_minutes
  from {{ ref('stg_github__workflow_runs') }} as run
  inner join {{ ref('int_repositories') }} as repository
    on run.repository_id = repository.repository_id
  left join jobs on run.repository_id = jobs.repository_id and run.run_id = jobs.run_id
  where {{ of_job('run.repository_id') }}
),

judged as (
  select
    *,
    {{ ci_failed('conclusion') }} or {{ ci_failed('first_conclusion') }} as has_failed,
    'success' in (conclusion, first_conclusion) as has_succeeded
  from told
)

select
  *,
  coalesce(
    bool_or(has_failed) over tried and bool_or(has_succeeded) over tried, false
  ) as is_flaky
from judged
window tried as (partition by repository_id, workflow_id, head_sha)
