-- What went to production and worked: deployments to one of the environments of the settings; of a
-- repository without any its published releases, without those its version tags. A prerelease is
-- none. A library is released, a service deployed.
with deployed as (
  select
    deployment.repository_id,
    deployment.deployment_id::text as deployment_key,
    'deployment' as source,
    deployment.commit_sha,
    deployment.environment,
    -- Of one that is active and has many statuses, the success may not be among those held.
    coalesce(
      deployment.first_success_at,
      case when deployment.state = 'ACTIVE' then deployment.updated_at end
    ) as deployed_at
  from {{ ref('stg_github__deployments') }} as deployment
  where
    {{ of_job('deployment.repository_id') }}
    and lower(deployment.environment) = any({{ production_environments() }})
),

released as (
  select
    repository_id,
    tag_name as deployment_key,
    source,
    commit_sha,
    null as environment,
    released_at as deployed_at
  from {{ ref('int_releases') }}
  where
    not is_prerelease
    -- A list that nobody could read is not empty.
    and repository_id in (
      select coverage.repository_id
      from {{ ref('int_coverage') }} as coverage
      where coverage.knows_deployments
    )
    and repository_id not in (
      select deployed.repository_id
      from deployed
      where deployed.deployed_at is not null
    )
)

select *
from deployed
where deployed_at is not null
union all
select * from released
