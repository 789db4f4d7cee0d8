select
  repository_id,
  id as release_id,
  payload ->> 'tag_name' as tag_name,
  payload ->> 'name' as name,
  (payload ->> 'draft')::boolean as is_draft,
  (payload ->> 'prerelease')::boolean as is_prerelease,
  (payload ->> 'created_at')::timestamptz as created_at,
  (payload ->> 'published_at')::timestamptz as published_at,
  case
    when payload ? 'assets' then (
      select coalesce(sum((asset ->> 'download_count')::bigint), 0)
      from jsonb_array_elements(release.payload -> 'assets') as asset
    )
  end as downloads_count
from {{ source('raw', 'github_releases') }} as release
where deleted_at is null
