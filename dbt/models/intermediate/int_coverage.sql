-- What is known of each thing. A thing that was not read, or cannot be, has no known count.
select
  repository_id,
  bool_or(is_held) filter (where thing = 'issues') as knows_issues,
  bool_or(is_held) filter (where thing = 'pull_requests') as knows_pull_requests,
  bool_or(is_held) filter (where thing = 'issue_comments') as knows_issue_comments,
  bool_or(is_held) filter (where thing = 'reviews') as knows_reviews,
  bool_or(is_held) filter (where thing = 'review_comments') as knows_review_comments,
  bool_or(is_held) filter (where thing = 'commits') as knows_commits,
  bool_or(is_held) filter (where thing = 'tags') as knows_tags,
  bool_or(is_held) filter (where thing = 'branches') as knows_branches,
  bool_or(is_held) filter (where thing = 'labels') as knows_labels,
  bool_or(is_held) filter (where thing = 'milestones') as knows_milestones,
  bool_or(is_held) filter (where thing = 'releases') as knows_releases,
  bool_or(is_held) filter (where thing = 'issue_events') as knows_issue_events,
  max(upstream_count) filter (where thing = 'workflow_runs') as workflow_runs_count,
  max(upstream_count) filter (where thing = 'deployments') as deployments_count,
  max(upstream_count) filter (where thing = 'forks') as forks_count,
  max(upstream_count) filter (where thing = 'stargazers') as stargazers_count,
  max(upstream_count) filter (where thing = 'watchers') as subscribers_count
from (
  select
    repository_id,
    thing,
    upstream_count,
    held_count is not null and state <> 'unavailable' as is_held
  from {{ source('ops', 'completeness') }}
  where {{ of_job() }}
) as entries
group by repository_id
