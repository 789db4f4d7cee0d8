select
  repository_id,
  id as pull_request_commit_id,
  (payload ->> 'pullRequestNumber')::integer as number,
  payload #>> '{commit,oid}' as sha,
  (payload #>> '{commit,committedDate}')::timestamptz as committed_at
from {{ source('raw', 'github_pull_request_commits') }}
where deleted_at is null
