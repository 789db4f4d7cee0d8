-- Issues and pull requests under the number that they share, with the time that they were ready.
select
  issue.repository_id,
  issue.number,
  issue.is_pull_request,
  pull.number is not null as has_pull_request,
  issue.title,
  issue.state,
  issue.author_login,
  issue.comments_count,
  issue.created_at,
  issue.updated_at,
  issue.closed_at,
  pull.merged_at,
  pull.merged_by_login,
  case
    -- Somebody who opens a draft says later that it is ready; what happens before is no review.
    when pull.first_draft_event = 'ReadyForReviewEvent' then pull.first_draft_event_at
    else issue.created_at
  end as ready_at
from {{ ref('stg_github__issues') }} as issue
left join {{ ref('stg_github__pull_requests') }} as pull using (repository_id, number)
where {{ of_job('issue.repository_id') }}
