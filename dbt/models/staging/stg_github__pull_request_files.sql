select
  repository_id,
  (payload ->> 'pullRequestNumber')::integer as number,
  payload ->> 'path' as path,
  (payload ->> 'additions')::bigint as lines_added_count,
  (payload ->> 'deletions')::bigint as lines_deleted_count
from {{ source('raw', 'github_pull_request_files') }}
where deleted_at is null
