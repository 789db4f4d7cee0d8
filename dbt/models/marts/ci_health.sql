-- A workflow day by day, by the day on which a run was started first. Whoever cancels a run says
-- nothing of the code, and a run that is started again hides that it has failed: the ratio is of
-- first attempts on the default branch that have succeeded or failed.
with waits as (
  select
    job.repository_id,
    run.workflow_id,
    {{ day_of('run.created_at') }} as day,
    percentile_cont(0.5) within group (
      order by {{ hours_between('job.created_at', 'job.started_at') }} * 60
    ) as queue_p50_minutes
  from {{ ref('stg_github__workflow_jobs') }} as job
  inner join {{ ref('int_workflow_runs') }} as run
    on job.repository_id = run.repository_id and job.run_id = run.run_id
  -- A job that is skipped waits for no runner.
  where {{ of_job('job.repository_id') }} and job.conclusion is distinct from 'skipped'
  group by job.repository_id, run.workflow_id, day
),

counted as (
  select
    repository_id,
    workflow_id,
    {{ day_of('created_at') }} as day,
    (array_agg(workflow_name order by created_at desc, run_id desc))[1] as workflow_name,
    count(*) as runs_count,
    {%- for conclusion in [
      "success", "failure", "timed_out", "startup_failure", "cancelled", "skipped", "neutral",
    ] %}
    count(*) filter (where conclusion = '{{ conclusion }}') as {{ conclusion }}_count,
    {%- endfor %}
    count(*) filter (where conclusion is null) as unfinished_count,
    count(*) filter (
      where conclusion not in (
        'success', 'failure', 'timed_out', 'startup_failure', 'cancelled', 'skipped', 'neutral'
      )
    ) as other_count,
    count(*) filter (where is_rerun) as reruns_count,
    count(*) filter (where is_on_default_branch and first_conclusion = 'success')
      as first_success_count,
    count(*) filter (
      where is_on_default_branch
      and (first_conclusion = 'success' or {{ ci_failed('first_conclusion') }})
    ) as first_attempts_count,
    count(distinct head_sha) filter (where has_failed or has_succeeded) as commits_count,
    count(distinct head_sha) filter (where is_flaky and (has_failed or has_succeeded))
      as flaky_commits_count,
    percentile_cont(0.5) within group (order by run_minutes) filter (
      where conclusion = 'success' or {{ ci_failed('conclusion') }}
    ) as run_p50_minutes
  from {{ ref('int_workflow_runs') }}
  group by repository_id, workflow_id, day
)

select
  counted.repository_id,
  counted.workflow_id,
  counted.day,
  counted.workflow_name,
  counted.runs_count,
  counted.success_count,
  counted.failure_count,
  counted.timed_out_count,
  counted.startup_failure_count,
  counted.cancelled_count,
  counted.skipped_count,
  counted.neutral_count,
  counted.unfinished_count,
  counted.other_count,
  counted.first_attempts_count,
  counted.reruns_count,
  counted.commits_count,
  counted.flaky_commits_count,
  counted.run_p50_minutes,
  waits.queue_p50_minutes,
  counted.first_success_count::double precision
  / nullif(counted.first_attempts_count, 0) as success_ratio,
  counted.reruns_count::double precision / counted.runs_count as rerun_ratio,
  counted.flaky_commits_count::double precision / nullif(counted.commits_count, 0) as flaky_ratio
from counted
left join waits
  on
    counted.repository_id = waits.repository_id
    and counted.workflow_id = waits.workflow_id
    and counted.day = waits.day
