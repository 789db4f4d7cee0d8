select
  repository_id,
  id as release_id,
  payload ->> 'tag_name' as tag_name,
  payload ->> 'name' as name,
  (payload ->> 'draft')::boolean as is_draft,
  (payload ->> 'prerelease')::boolean as is_prerelease,
  (payload ->> 'created_at')::timestamptz as created_at,
  (payload ->> 'published_at')::timestamptz as published_at
from {{ source('raw', 'github_releases') }}
where deleted_at is null
