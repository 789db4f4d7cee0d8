select
  repository_id,
  id as deployment_id,
  payload ->> 'environment' as environment,
  payload ->> 'state' as state,
  payload ->> 'commitOid' as commit_sha,
  {{ login_of("(payload -> 'creator')") }} as creator_login,
  (payload ->> 'createdAt')::timestamptz as created_at,
  (payload ->> 'updatedAt')::timestamptz as updated_at,
  (payload -> 'statuses' ->> 'totalCount')::bigint as statuses_count,
  -- GitHub writes all times alike, so the least text is the first time.
  (
    select min(status ->> 'createdAt')
    from jsonb_array_elements(deployment.payload -> 'statuses' -> 'nodes') as status
    where status ->> 'state' = 'SUCCESS'
  )::timestamptz as first_success_at
from {{ source('raw', 'github_deployments') }} as deployment
where deleted_at is null
