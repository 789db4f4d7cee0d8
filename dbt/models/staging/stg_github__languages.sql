select
  repository_id,
  payload as bytes_by_language,
  extracted_at as seen_at
from {{ source('raw', 'github_languages') }}
where deleted_at is null
