select
  repository_id,
  full_name,
  valid_from,
  valid_to
from {{ source('ops', 'repository_names') }}
