select
  login,
  actor_class,
  reason
from {{ source('ops', 'actor_overrides') }}
where unset_at is null
