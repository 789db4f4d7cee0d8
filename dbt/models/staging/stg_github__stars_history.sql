select
  repository_id,
  id as week_id,
  to_timestamp((payload ->> 'week')::bigint) as week_started_at,
  (payload ->> 'total')::bigint as stars_count,
  payload -> 'days' as stars_by_day
from {{ source('raw', 'github_stars_history') }}
where deleted_at is null
