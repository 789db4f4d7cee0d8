select
  repository_id,
  valid_from as seen_at,
  {{ repository_counters() }}
from {{ source('raw', 'github_repositories_history') }}
