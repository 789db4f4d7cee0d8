-- How long what was merged waited for production, one row per pull request that is there.
select
  repository_id,
  number,
  evidence,
  merged_at,
  deployed_at,
  deploy_hours,
  cycle_to_deploy_hours
from {{ ref('int_pull_request_deployments') }}
