-- Days are those of UTC; a commit counts on the day that it landed, merges only where the name says
-- so. Every day from the first event to the instant of the figures has a row.
with happened as (
  select
    repository_id,
    committed_at as made_at,
    case when is_merge then 'merge' else 'commit' end as what,
    person,
    lines_added_count,
    lines_deleted_count,
    lines_added_handwritten_count,
    lines_deleted_handwritten_count,
    is_ai_coauthored
  from {{ ref('int_commits') }}
  union all
  select
    repository_id,
    authored_at,
    'authored',
    person,
    0,
    0,
    0,
    0,
    false
  from {{ ref('int_commits') }}
  union all
  select
    repository_id,
    created_at,
    case when is_pull_request then 'pull_request' else 'issue' end,
    author_login,
    0,
    0,
    0,
    0,
    false
  from {{ ref('int_items') }}
  where not is_pull_request or has_pull_request
  union all
  select
    repository_id,
    closed_at,
    case when is_pull_request then 'pull_request_closed' else 'issue_closed' end,
    author_login,
    0,
    0,
    0,
    0,
    false
  from {{ ref('int_items') }}
  where not is_pull_request or has_pull_request
  union all
  select
    repository_id,
    coalesce(merged_at, closed_at),
    case when merged_at is null then 'pull_request_unmerged' else 'pull_request_merged' end,
    author_login,
    0,
    0,
    0,
    0,
    false
  from {{ ref('int_items') }}
  where has_pull_request
  union all
  select
    repository_id,
    made_at,
    kind,
    author_login,
    0,
    0,
    0,
    0,
    false
  from {{ ref('int_remarks') }}
),

days as (
  select
    happened.repository_id,
    {{ day_of('happened.made_at') }} as day,
    happened.what,
    happened.person,
    happened.lines_added_count,
    happened.lines_deleted_count,
    happened.lines_added_handwritten_count,
    happened.lines_deleted_handwritten_count,
    happened.is_ai_coauthored,
    actor.actor_class = 'human' as is_human
  from happened
  inner join {{ ref('int_actors') }} as actor
    on happened.repository_id = actor.repository_id and happened.person = actor.login
  where happened.made_at is not null
),

counted as (
  select
    repository_id,
    day,
    count(*) filter (where what = 'commit') as commits_count,
    count(*) filter (where what = 'commit' and is_human) as commits_human_count,
    count(*) filter (where what = 'commit' and is_ai_coauthored) as commits_ai_coauthored_count,
    count(*) filter (where what in ('commit', 'merge')) as commits_incl_merges_count,
    count(*) filter (where what = 'authored') as commits_authored_incl_merges_count,
    count(*) filter (where what = 'issue') as issues_opened_count,
    count(*) filter (where what = 'issue' and is_human) as issues_opened_human_count,
    count(*) filter (where what = 'issue_closed') as issues_closed_count,
    count(*) filter (where what = 'pull_request') as pull_requests_opened_count,
    count(*) filter (where what = 'pull_request' and is_human) as pull_requests_opened_human_count,
    count(*) filter (where what = 'pull_request_merged') as pull_requests_merged_count,
    count(*) filter (where what = 'pull_request_closed') as pull_requests_closed_count,
    count(*) filter (where what = 'pull_request_unmerged')
      as pull_requests_closed_unmerged_count,
    count(*) filter (where what = 'issue_comment') as issue_comments_count,
    count(*) filter (where what = 'issue_comment' and is_human) as issue_comments_human_count,
    count(*) filter (where what = 'review') as reviews_count,
    count(*) filter (where what = 'review' and is_human) as reviews_human_count,
    count(*) filter (where what = 'review_comment') as review_comments_count,
    count(*) filter (where what = 'review_comment' and is_human) as review_comments_human_count,
    sum(lines_added_count) filter (where what = 'commit') as lines_added_count,
    sum(lines_deleted_count) filter (where what = 'commit') as lines_deleted_count,
    sum(lines_added_handwritten_count) filter (where what = 'commit')::bigint
      as lines_added_handwritten_count,
    sum(lines_deleted_handwritten_count) filter (where what = 'commit')::bigint
      as lines_deleted_handwritten_count,
    -- A source that tells the lines of a commit and not its files.
    bool_or(
      what = 'commit' and lines_added_count is not null and lines_added_handwritten_count is null
    ) as lacks_files,
    count(distinct person) filter (
      where
      is_human and what in (
        'commit', 'issue', 'pull_request', 'issue_comment', 'review', 'review_comment'
      )
    ) as active_persons_count
  from days
  group by repository_id, day
),

-- By how much each day changed what was open at its end.
turns as (
  select
    span.repository_id,
    {{ day_of('turn.made_at') }} as day,
    count(*) filter (where not span.is_pull_request and turn.is_reopening)
      as issues_reopened_count,
    sum(turn.step) filter (where not span.is_pull_request) as issues_open_change,
    sum(turn.step) filter (where span.is_pull_request) as pull_requests_open_change
  from {{ ref('int_issue_state_intervals') }} as span
  inner join {{ ref('int_items') }} as item
    on span.repository_id = item.repository_id and span.number = item.number
  cross join
    lateral (
      values
      (span.started_at, 1, span.interval_number > 1),
      (case when not span.is_current then span.ended_at end, -1, false)
    ) as turn (made_at, step, is_reopening)
  where
    span.state = 'open'
    and turn.made_at is not null
    and (not item.is_pull_request or item.has_pull_request)
  group by span.repository_id, {{ day_of('turn.made_at') }}
),

spans as (
  select
    counted.repository_id,
    min(counted.day) as first_day,
    bool_or(counted.lacks_files) as lacks_files,
    greatest(max(counted.day), max({{ day_of('repository.data_as_of') }})) as last_day
  from counted
  inner join {{ ref('int_repositories') }} as repository
    on counted.repository_id = repository.repository_id
  group by counted.repository_id
),

calendar as (
  select
    repository_id,
    lacks_files,
    first_day + days_later as day
  from spans
  cross join lateral generate_series(0, last_day - first_day) as days_later
),

spine as (
  select
    calendar.repository_id,
    calendar.day,
    calendar.lacks_files,
    turns.issues_reopened_count,
    (sum(turns.issues_open_change) over so_far)::bigint as issues_open_eod_count,
    (sum(turns.pull_requests_open_change) over so_far)::bigint as pull_requests_open_eod_count
  from calendar
  left join turns on calendar.repository_id = turns.repository_id and calendar.day = turns.day
  window so_far as (partition by calendar.repository_id order by calendar.day)
)

select
  spine.repository_id,
  spine.day,
  spine.day < {{ day_of('repository.data_as_of') }} as is_complete,
  {{ known_counts("coverage.knows_commits", "counted", [
    "commits_count", "commits_human_count", "commits_ai_coauthored_count",
    "commits_incl_merges_count", "commits_authored_incl_merges_count",
  ]) }},
  {{ known_counts("coverage.knows_issues", "counted", [
    "issues_opened_count", "issues_opened_human_count", "issues_closed_count",
  ]) }},
  {{ known_counts("coverage.knows_issues and coverage.knows_issue_events", "spine", [
    "issues_reopened_count", "issues_open_eod_count",
  ]) }},
  {{ known_counts("coverage.knows_pull_requests", "counted", [
    "pull_requests_opened_count", "pull_requests_opened_human_count",
    "pull_requests_merged_count", "pull_requests_closed_count",
    "pull_requests_closed_unmerged_count",
  ]) }},
  {{ known_counts("coverage.knows_pull_requests and coverage.knows_issue_events", "spine", [
    "pull_requests_open_eod_count",
  ]) }},
  {{ known_counts("coverage.knows_issue_comments", "counted", [
    "issue_comments_count", "issue_comments_human_count",
  ]) }},
  {{ known_counts("coverage.knows_reviews", "counted", [
    "reviews_count", "reviews_human_count",
  ]) }},
  {{ known_counts("coverage.knows_review_comments", "counted", [
    "review_comments_count", "review_comments_human_count",
  ]) }},
  {{ known_counts("coverage.knows_commits", "counted", [
    "lines_added_count", "lines_deleted_count",
  ]) }},
  {{ known_counts("coverage.knows_commits and not spine.lacks_files", "counted", [
    "lines_added_handwritten_count", "lines_deleted_handwritten_count",
  ]) }},
  coalesce(counted.active_persons_count, 0) as active_persons_count
from spine
inner join {{ ref('int_repositories') }} as repository
  on spine.repository_id = repository.repository_id
left join {{ ref('int_coverage') }} as coverage on spine.repository_id = coverage.repository_id
left join counted on spine.repository_id = counted.repository_id and spine.day = counted.day
