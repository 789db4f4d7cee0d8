-- Read by GraphQL with a token and by REST without one: both shapes become one.
select
  repository_id,
  id as pull_request_id,
  (payload ->> 'number')::integer as number,
  payload ->> 'title' as title,
  lower(payload ->> 'state') in ('closed', 'merged') as is_closed,
  coalesce(payload ->> 'isDraft', payload ->> 'draft')::boolean as is_draft,
  case
    when payload ? 'createdAt' then {{ login_of("(payload -> 'author')") }}
    else coalesce(payload -> 'user' ->> 'login', 'ghost')
  end as author_login,
  case
    when payload -> 'mergedBy' ->> 'login' is not null
      then {{ login_of("(payload -> 'mergedBy')") }}
  end as merged_by_login,
  coalesce(payload ->> 'createdAt', payload ->> 'created_at')::timestamptz as created_at,
  coalesce(payload ->> 'updatedAt', payload ->> 'updated_at')::timestamptz as updated_at,
  case
    when lower(payload ->> 'state') in ('closed', 'merged')
      then coalesce(payload ->> 'closedAt', payload ->> 'closed_at')::timestamptz
  end as closed_at,
  coalesce(payload ->> 'mergedAt', payload ->> 'merged_at')::timestamptz as merged_at,
  coalesce(payload ->> 'headRefOid', payload #>> '{head,sha}') as head_sha,
  -- Of one that is not merged REST gives a commit that was made to try it out.
  case
    when coalesce(payload ->> 'mergedAt', payload ->> 'merged_at') is not null
      then coalesce(payload -> 'mergeCommit' ->> 'oid', payload ->> 'merge_commit_sha')
  end as merge_commit_sha,
  (payload ->> 'additions')::bigint as lines_added_count,
  (payload ->> 'deletions')::bigint as lines_deleted_count,
  (payload ->> 'changedFiles')::bigint as files_count,
  (payload -> 'commits' ->> 'totalCount')::bigint as commits_count,
  (payload #>> '{commits,nodes,0,commit,authoredDate}')::timestamptz as first_commit_at,
  (payload -> 'timelineItems' ->> 'totalCount')::bigint as draft_events_count,
  payload #> '{timelineItems,nodes}' as draft_events,
  -- One whose first change is to become a draft was opened ready.
  (
    jsonb_path_query_first(
      payload, '$.timelineItems.nodes[0] ? (@.__typename == "ReadyForReviewEvent").createdAt'
    ) #>> '{}'
  )::timestamptz as first_ready_at
from {{ source('raw', 'github_pull_requests') }}
where deleted_at is null
