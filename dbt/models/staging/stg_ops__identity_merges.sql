select
  alias,
  person
from {{ source('ops', 'identity_merges') }}
where unmerged_at is null
