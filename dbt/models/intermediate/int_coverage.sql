-- What is known of each thing. A thing that was not read, or cannot be, has no known count.
with entries as (
  select
    repository_id,
    thing,
    upstream_count,
    held_count is not null and state <> 'unavailable' as is_held
  from {{ source('ops', 'completeness') }}
  where {{ of_job() }}
),

things as (
  select
    repository_id,
    {% for thing in [
      "issues", "pull_requests", "issue_comments", "reviews", "review_comments", "issue_events",
      "commits", "tags", "branches", "labels", "milestones", "releases", "pull_request_commits",
      "discussions", "deployments", "stars_history", "forks", "workflow_runs",
    ] %}
    coalesce(bool_or(is_held) filter (where thing = '{{ thing }}'), false) as knows_{{ thing }},
    {% endfor %}
    max(upstream_count) filter (where thing = 'workflow_runs') as workflow_runs_count,
    max(upstream_count) filter (where thing = 'deployments') as deployments_count,
    max(upstream_count) filter (where thing = 'forks') as forks_count,
    max(upstream_count) filter (where thing = 'stars_history') as stargazers_count,
    max(upstream_count) filter (where thing = 'watchers') as subscribers_count
  from entries
  group by repository_id
)

select
  *,
  knows_issue_comments and knows_reviews and knows_review_comments as knows_remarks,
  -- A close or a merge is an answer too, so nobody knows the first one without the events.
  knows_issue_comments and knows_issue_events as knows_issue_responses,
  knows_issue_comments and knows_reviews and knows_review_comments and knows_issue_events
    as knows_pull_request_responses
from things
