-- The four keys of DORA, month by month from the first deployment or incident on. What there is
-- nothing of has no median and no ratio. Where incidents are not marked nobody knows of failures.
with incidents_marked as (
  select
    coverage.repository_id,
    coverage.knows_issues and (
      exists (
        select 1 from {{ ref('int_incidents') }} as incident
        where coverage.repository_id = incident.repository_id
      )
      or exists (
        select 1 from {{ ref('stg_github__labels') }} as label
        where
          {{ of_job('label.repository_id') }}
          and coverage.repository_id = label.repository_id
          and lower(label.name) = any({{ incident_labels() }})
      )
    ) as is_marked
  from {{ ref('int_coverage') }} as coverage
),

blamed as (
  select distinct
    repository_id,
    deployment_key
  from {{ ref('int_incidents') }}
  where deployment_key is not null
),

deployments as (
  select
    deployment.repository_id,
    {{ day_of('deployment.deployed_at') }} as day,
    {{ start_of('month', 'deployment.deployed_at') }} as month,
    blamed.deployment_key is not null as has_failed
  from {{ ref('int_deployments') }} as deployment
  left join blamed
    on
      deployment.repository_id = blamed.repository_id
      and deployment.deployment_key = blamed.deployment_key
),

deployed as (
  select
    repository_id,
    month,
    count(*) as deployments_count,
    count(distinct day) as deployment_days_count,
    count(*) filter (where has_failed) as failed_deployments_count
  from deployments
  group by repository_id, month
),

changes as (
  select
    landed.repository_id,
    {{ start_of('month', 'landed.deployed_at') }} as month,
    count(landed.cycle_to_deploy_hours) as lead_time_count,
    percentile_cont(0.5) within group (order by landed.cycle_to_deploy_hours)
      as lead_time_p50_hours
  from {{ ref('int_pull_request_deployments') }} as landed
  inner join {{ ref('int_actors') }} as actor
    on landed.repository_id = actor.repository_id and landed.author_login = actor.login
  where actor.actor_class = 'human'
  group by landed.repository_id, month
),

recovered as (
  select
    repository_id,
    {{ start_of('month', 'deployed_at') }} as month,
    count(recovery_hours) as recoveries_count,
    percentile_cont(0.5) within group (order by recovery_hours)
      as failed_deployment_recovery_p50_hours
  from {{ ref('int_incidents') }}
  where deployed_at is not null
  group by repository_id, month
),

incidents as (
  select
    repository_id,
    {{ start_of('month', 'created_at') }} as month,
    count(*) as incidents_count,
    count(open_hours) as resolved_incidents_count,
    percentile_cont(0.5) within group (order by open_hours) as time_to_restore_p50_hours
  from {{ ref('int_incidents') }}
  group by repository_id, month
),

sources as (
  select
    repository_id,
    min(source) as deployment_source
  from {{ ref('int_deployments') }}
  group by repository_id
),

months as (
  select
    began.repository_id,
    generate_series(
      min(began.month),
      -- What was made while GitHub was read is a little younger than the figures.
      greatest({{ start_of('month', 'max(repository.data_as_of)') }}, max(began.month)),
      interval '1 month'
    )::date as month
  from (
    select
      repository_id,
      month
    from deployed
    union all
    select
      repository_id,
      month
    from incidents
  ) as began
  inner join {{ ref('int_repositories') }} as repository
    on began.repository_id = repository.repository_id
  group by began.repository_id
)

select
  months.repository_id,
  months.month,
  sources.deployment_source,
  -- Where no deployment, release or tag is known of, nobody knows that there was none.
  {{ if_known("sources.deployment_source is not null", "deployed.deployments_count") }}
    as deployments_count,
  {{ if_known("sources.deployment_source is not null", "deployed.deployment_days_count") }}
    as deployment_days_count,
  {{ if_known("sources.deployment_source is not null", "changes.lead_time_count") }}
    as lead_time_count,
  changes.lead_time_p50_hours,
  {{ if_known("incidents_marked.is_marked", "deployed.failed_deployments_count") }}
    as failed_deployments_count,
  case
    when incidents_marked.is_marked
      then deployed.failed_deployments_count::double precision / deployed.deployments_count
  end as change_failure_ratio,
  {{ if_known("incidents_marked.is_marked", "recovered.recoveries_count") }} as recoveries_count,
  case when incidents_marked.is_marked then recovered.failed_deployment_recovery_p50_hours end
    as failed_deployment_recovery_p50_hours,
  {{ if_known("incidents_marked.is_marked", "incidents.incidents_count") }} as incidents_count,
  {{ if_known("incidents_marked.is_marked", "incidents.resolved_incidents_count") }}
    as resolved_incidents_count,
  case when incidents_marked.is_marked then incidents.time_to_restore_p50_hours end
    as time_to_restore_p50_hours
from months
left join incidents_marked on months.repository_id = incidents_marked.repository_id
left join sources on months.repository_id = sources.repository_id
{%- for figures in ["deployed", "changes", "recovered", "incidents"] %}
left join {{ figures }}
  on months.repository_id = {{ figures }}.repository_id and months.month = {{ figures }}.month
{%- endfor %}
