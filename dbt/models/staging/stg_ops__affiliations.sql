select
  affiliation_id,
  subject,
  organisation,
  from_day,
  to_day
from {{ source('ops', 'affiliations') }}
where unset_at is null
