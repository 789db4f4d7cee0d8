select
  repository_id,
  valid_from as seen_at,
  {{ profile_columns() }}
from {{ source('raw', 'github_community_profile_history') }}
