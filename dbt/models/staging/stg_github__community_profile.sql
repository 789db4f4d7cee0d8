select
  repository_id,
  extracted_at as seen_at,
  {{ profile_columns() }}
from {{ source('raw', 'github_community_profile') }}
where deleted_at is null
