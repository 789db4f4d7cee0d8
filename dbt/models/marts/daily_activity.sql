-- Days are those of UTC; a commit counts on the day that it landed, merges only where the name says
-- so. Every day from the first event to the last has a row.
with happened as (
  select
    repository_id, committed_at as made_at, case when is_merge then 'merge' else 'commit' end as what,
    person, lines_added_count, lines_deleted_count
  from {{ ref('int_commits') }}
  union all
  select repository_id, authored_at, 'authored', person, 0, 0
  from {{ ref('int_commits') }}
  union all
  select
    repository_id, created_at, case when is_pull_request then 'pull_request' else 'issue' end,
    author_login, 0, 0
  from {{ ref('int_items') }}
  where not is_pull_request or has_pull_request
  union all
  select
    repository_id, closed_at,
    case when is_pull_request then 'pull_request_closed' else 'issue_closed' end,
    author_login, 0, 0
  from {{ ref('int_items') }}
  where closed_at is not null and (not is_pull_request or has_pull_request)
  union all
  select repository_id, merged_at, 'pull_request_merged', author_login, 0, 0
  from {{ ref('int_items') }}
  where merged_at is not null
  union all
  select repository_id, made_at, kind, author_login, 0, 0
  from {{ ref('int_remarks') }}
),

days as (
  select
    happened.repository_id,
    (happened.made_at at time zone 'UTC')::date as day,
    happened.what,
    happened.person,
    happened.lines_added_count,
    happened.lines_deleted_count,
    actor.actor_class = 'human' as is_human
  from happened
  inner join {{ ref('int_actors') }} as actor
    on actor.repository_id = happened.repository_id and actor.login = happened.person
  where happened.made_at is not null
),

counted as (
  select
    repository_id,
    day,
    count(*) filter (where what = 'commit') as commits_count,
    count(*) filter (where what = 'commit' and is_human) as commits_human_count,
    count(*) filter (where what in ('commit', 'merge')) as commits_incl_merges_count,
    count(*) filter (where what = 'authored') as commits_authored_incl_merges_count,
    count(*) filter (where what = 'issue') as issues_opened_count,
    count(*) filter (where what = 'issue' and is_human) as issues_opened_human_count,
    count(*) filter (where what = 'issue_closed') as issues_closed_count,
    count(*) filter (where what = 'pull_request') as pull_requests_opened_count,
    count(*) filter (where what = 'pull_request' and is_human) as pull_requests_opened_human_count,
    count(*) filter (where what = 'pull_request_merged') as pull_requests_merged_count,
    count(*) filter (where what = 'pull_request_closed') as pull_requests_closed_count,
    count(*) filter (where what = 'issue_comment') as issue_comments_count,
    count(*) filter (where what = 'issue_comment' and is_human) as issue_comments_human_count,
    count(*) filter (where what = 'review') as reviews_count,
    count(*) filter (where what = 'review' and is_human) as reviews_human_count,
    count(*) filter (where what = 'review_comment') as review_comments_count,
    count(*) filter (where what = 'review_comment' and is_human) as review_comments_human_count,
    sum(lines_added_count) filter (where what = 'commit') as lines_added_count,
    sum(lines_deleted_count) filter (where what = 'commit') as lines_deleted_count,
    count(distinct person) filter (
      where is_human and what in (
        'commit', 'issue', 'pull_request', 'issue_comment', 'review', 'review_comment'
      )
    ) as active_persons_count
  from days
  group by repository_id, day
),

spine as (
  select repository_id, generate_series(min(day), max(day), interval '1 day')::date as day
  from counted
  group by repository_id
)

select
  spine.repository_id,
  spine.day,
  {{ if_known('coverage.knows_commits', 'counted.commits_count') }} as commits_count,
  {{ if_known('coverage.knows_commits', 'counted.commits_human_count') }} as commits_human_count,
  {{ if_known('coverage.knows_commits', 'counted.commits_incl_merges_count') }} as commits_incl_merges_count,
  {{ if_known('coverage.knows_commits', 'counted.commits_authored_incl_merges_count') }} as commits_authored_incl_merges_count,
  {{ if_known('coverage.knows_issues', 'counted.issues_opened_count') }} as issues_opened_count,
  {{ if_known('coverage.knows_issues', 'counted.issues_opened_human_count') }} as issues_opened_human_count,
  {{ if_known('coverage.knows_issues', 'counted.issues_closed_count') }} as issues_closed_count,
  {{ if_known('coverage.knows_pull_requests', 'counted.pull_requests_opened_count') }} as pull_requests_opened_count,
  {{ if_known('coverage.knows_pull_requests', 'counted.pull_requests_opened_human_count') }} as pull_requests_opened_human_count,
  {{ if_known('coverage.knows_pull_requests', 'counted.pull_requests_merged_count') }} as pull_requests_merged_count,
  {{ if_known('coverage.knows_pull_requests', 'counted.pull_requests_closed_count') }} as pull_requests_closed_count,
  {{ if_known('coverage.knows_issue_comments', 'counted.issue_comments_count') }} as issue_comments_count,
  {{ if_known('coverage.knows_issue_comments', 'counted.issue_comments_human_count') }} as issue_comments_human_count,
  {{ if_known('coverage.knows_reviews', 'counted.reviews_count') }} as reviews_count,
  {{ if_known('coverage.knows_reviews', 'counted.reviews_human_count') }} as reviews_human_count,
  {{ if_known('coverage.knows_review_comments', 'counted.review_comments_count') }} as review_comments_count,
  {{ if_known('coverage.knows_review_comments', 'counted.review_comments_human_count') }} as review_comments_human_count,
  {{ if_known('coverage.knows_commits', 'counted.lines_added_count') }} as lines_added_count,
  {{ if_known('coverage.knows_commits', 'counted.lines_deleted_count') }} as lines_deleted_count,
  coalesce(counted.active_persons_count, 0) as active_persons_count
from spine
left join {{ ref('int_coverage') }} as coverage using (repository_id)
left join counted using (repository_id, day)
