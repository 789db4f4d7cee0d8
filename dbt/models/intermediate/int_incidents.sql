-- Issues that tell of an incident, by one of the labels of the settings, each with the deployment
-- that it is laid to: the last one to production before it (as Apache DevLake does).
with told as (
  select
    issue.repository_id,
    issue.number,
    issue.created_at,
    issue.closed_at as resolved_at
  from {{ ref('stg_github__issues') }} as issue
  where
    {{ of_job('issue.repository_id') }}
    and not issue.is_pull_request
    and exists (
      select 1
      from jsonb_array_elements_text(issue.label_names) as label
      where lower(label) = any({{ incident_labels() }})
    )
)

select
  told.repository_id,
  told.number,
  told.created_at,
  told.resolved_at,
  blamed.deployment_key,
  blamed.deployed_at,
  {{ hours_between('told.created_at', 'told.resolved_at') }} as open_hours,
  {{ hours_between('blamed.deployed_at', 'told.resolved_at') }} as recovery_hours
from told
left join lateral (
  select
    deployment.deployment_key,
    deployment.deployed_at
  from {{ ref('int_deployments') }} as deployment
  where
    told.repository_id = deployment.repository_id
    and told.created_at > deployment.deployed_at
  order by deployment.deployed_at desc, deployment.deployment_key desc
  limit 1
) as blamed on true
