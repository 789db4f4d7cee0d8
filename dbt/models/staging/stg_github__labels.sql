select
  repository_id,
  id as label_id,
  payload ->> 'name' as name,
  payload ->> 'color' as color
from {{ source('raw', 'github_labels') }}
where deleted_at is null
