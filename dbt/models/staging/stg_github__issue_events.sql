select
  repository_id,
  id as issue_event_id,
  (payload -> 'issue' ->> 'number')::integer as number,
  payload ->> 'event' as event,
  coalesce(payload -> 'actor' ->> 'login', 'ghost') as actor_login,
  (payload ->> 'created_at')::timestamptz as created_at
from {{ source('raw', 'github_issue_events') }}
where deleted_at is null
