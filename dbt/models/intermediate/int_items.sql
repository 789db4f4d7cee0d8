-- Issues and pull requests under the number that they share, with the time that they were ready.
-- Somebody who opens a draft says later that it is ready; what happens before is no review. A pull
-- request is read after the list that names it, so its own record knows best how it stands.
select
  issue.repository_id,
  issue.number,
  issue.title,
  issue.state_reason,
  issue.comments_count,
  issue.created_at,
  issue.updated_at,
  issue.is_pull_request,
  issue.text_digest,
  pull.merged_at,
  pull.number is not null as has_pull_request,
  coalesce(author.person, issue.author_login) as author_login,
  coalesce(merger.person, pull.merged_by_login) as merged_by_login,
  case
    when pull.number is null then issue.state
    when pull.is_closed then 'closed'
    else 'open'
  end as state,
  case when pull.number is null then issue.closed_at else pull.closed_at end as closed_at,
  coalesce(pull.first_ready_at, issue.created_at) as ready_at
from {{ ref('stg_github__issues') }} as issue
left join {{ ref('stg_github__pull_requests') }} as pull
  on issue.repository_id = pull.repository_id and issue.number = pull.number
left join {{ ref('int_aliases') }} as author on lower(issue.author_login) = author.alias
left join {{ ref('int_aliases') }} as merger on lower(pull.merged_by_login) = merger.alias
where {{ of_job('issue.repository_id') }}
