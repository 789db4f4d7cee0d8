-- One row per repository. Columns with `declared` in their name follow the plainest rule: somebody
-- else who is neither declared a bot by GitHub nor a deleted account, from the time of opening.
with items as (
  select
    item.repository_id,
    count(*) filter (where not item.is_pull_request) as issues_count,
    count(*) filter (where not item.is_pull_request and item.state = 'open') as issues_open_count,
    count(*) filter (where not item.is_pull_request and item.state = 'closed')
      as issues_closed_count,
    count(*) filter (where item.has_pull_request) as pull_requests_count,
    count(*) filter (where item.has_pull_request and item.state = 'open')
      as pull_requests_open_count,
    count(*) filter (where item.merged_at is not null) as pull_requests_merged_count,
    count(*) filter (
      where item.has_pull_request and item.state = 'closed' and item.merged_at is null
    ) as pull_requests_closed_unmerged_count,
    count(*) filter (where item.has_pull_request and item.state = 'closed')
      as pull_requests_closed_count,
    count(*) filter (where item.is_pull_request and not item.has_pull_request)
      as issues_without_pull_request_count,
    sum(item.comments_count) filter (where not item.is_pull_request) as comments_on_issues_count,
    percentile_cont(0.5) within group (
      order by {{ hours_between('item.created_at', 'item.closed_at') }}
    ) filter (where not item.is_pull_request) as issue_close_p50_hours,
    percentile_cont(0.5) within group (
      order by {{ hours_between('item.created_at', 'item.merged_at') }}
    ) filter (where item.merged_at is not null) as pull_request_merge_p50_hours,
    count(answer.declared_at) filter (where not item.is_pull_request)
      as issues_with_first_response_declared_count,
    percentile_cont(0.5) within group (
      order by extract(epoch from answer.declared_at - item.created_at)::double precision / 3600
    ) filter (where not item.is_pull_request) as issue_first_response_declared_p50_hours,
    count(answer.declared_at) filter (where item.has_pull_request)
      as pull_requests_with_first_response_declared_count,
    percentile_cont(0.5) within group (
      order by extract(epoch from answer.declared_at - item.created_at)::double precision / 3600
    ) filter (where item.has_pull_request) as pull_request_first_response_declared_p50_hours,
    count(answer.response_at) filter (where not item.is_pull_request)
      as issues_with_first_response_count,
    percentile_cont(0.5) within group (
      order by {{ hours_between('item.ready_at', 'answer.response_at') }}
    ) filter (where not item.is_pull_request) as issue_first_response_p50_hours,
    count(answer.response_at) filter (where item.has_pull_request)
      as pull_requests_with_first_response_count,
    percentile_cont(0.5) within group (
      order by {{ hours_between('item.ready_at', 'answer.response_at') }}
    ) filter (where item.has_pull_request) as pull_request_first_response_p50_hours,
    max(item.updated_at) as newest_updated_at
  from {{ ref('int_items') }} as item
  left join {{ ref('int_first_responses') }} as answer
    on item.repository_id = answer.repository_id and item.number = answer.number
  group by item.repository_id
),

remarks as (
  select
    remark.repository_id,
    count(*) filter (where remark.kind = 'issue_comment') as issue_comments_count,
    count(*) filter (where remark.kind = 'issue_comment' and not item.is_pull_request)
      as issue_comments_on_issues_count,
    count(*) filter (where remark.kind = 'issue_comment' and item.is_pull_request)
      as issue_comments_on_pull_requests_count,
    count(*) filter (where remark.kind = 'review_comment') as review_comments_count
  from {{ ref('int_remarks') }} as remark
  inner join {{ ref('int_items') }} as item
    on remark.repository_id = item.repository_id and remark.number = item.number
  group by remark.repository_id
),

reviews as (
  select
    repository_id,
    count(*) as reviews_count,
    count(*) filter (where state = 'APPROVED') as reviews_approved_count,
    count(*) filter (where state = 'CHANGES_REQUESTED') as reviews_changes_requested_count,
    count(*) filter (where state = 'COMMENTED') as reviews_commented_count,
    count(*) filter (where state = 'DISMISSED') as reviews_dismissed_count,
    count(*) filter (where state = 'PENDING') as reviews_pending_count,
    count(distinct number) filter (where is_by_other) as pull_requests_reviewed_by_other_count
  from {{ ref('int_reviews') }}
  group by repository_id
),

held_reviews as (
  select
    repository_id,
    number,
    count(*) as reviews_count
  from {{ ref('int_reviews') }}
  group by repository_id, number
),

per_pull_request as (
  select
    item.repository_id,
    percentile_cont(0.5) within group (order by coalesce(held.reviews_count, 0))
      as reviews_per_pull_request_p50
  from {{ ref('int_items') }} as item
  left join held_reviews as held
    on item.repository_id = held.repository_id and item.number = held.number
  where item.has_pull_request
  group by item.repository_id
),

took_part as (
  select
    repository_id,
    author_login as login
  from {{ ref('int_items') }}
  union
  select
    repository_id,
    author_login
  from {{ ref('int_remarks') }}
),

participants as (
  select
    took_part.repository_id,
    count(*) filter (where not actor.is_declared_bot and not actor.is_ghost)
      as participants_declared_count,
    count(*) filter (where actor.actor_class = 'human') as participants_count
  from took_part
  inner join {{ ref('int_actors') }} as actor
    on took_part.repository_id = actor.repository_id and took_part.login = actor.login
  group by took_part.repository_id
),

commits as (
  select
    repository_id,
    count(*) as commits_incl_merges_count,
    count(*) filter (where not is_merge) as commits_count,
    count(*) filter (where is_merge) as merge_commits_count,
    count(*) filter (where committed_at is null) as commits_undated_incl_merges_count,
    count(distinct author_email) as commit_author_emails_count,
    count(distinct author_login) as commit_author_logins_count,
    count(distinct person) filter (where not is_merge) as contributors_by_login_or_email_count,
    sum(lines_added_count) filter (where not is_merge) as lines_added_count,
    sum(lines_deleted_count) filter (where not is_merge) as lines_deleted_count
  from {{ ref('int_commits') }}
  group by repository_id
),

{% for name, person in [("email", "author_email"), ("login_or_email", "person")] -%}
commits_by_{{ name }} as (
  select
    repository_id,
    {{ person }} as person,
    count(*) as commits_count
  from {{ ref('int_commits') }}
  where not is_merge
  group by repository_id, {{ person }}
),

shares_by_{{ name }} as (
  select
    repository_id,
    row_number() over ranking as place,
    sum(commits_count) over ranking as so_far,
    sum(commits_count) over everybody as total
  from commits_by_{{ name }}
  window
    everybody as (partition by repository_id),
    ranking as (
      partition by repository_id
      order by commits_count desc, person asc rows unbounded preceding
    )
),

bus_factor_by_{{ name }} as (
  select
    repository_id,
    min(place)::integer as bus_factor_by_{{ name }}_count
  from shares_by_{{ name }}
  where so_far * 2 >= total
  group by repository_id
),

{% endfor -%}

{% for thing, model in [
  ("labels", "stg_github__labels"), ("milestones", "stg_github__milestones"),
  ("releases", "stg_github__releases"), ("tags", "stg_git__tags"),
  ("branches", "stg_git__branches"),
] -%}
{{ thing }} as (
  select
    repository_id,
    count(*) as {{ thing }}_count
  from {{ ref(model) }}
  where {{ of_job() }}
  group by repository_id
),

{% endfor -%}

event_kinds as (
  select
    happened.repository_id,
    happened.event,
    count(*) as events_count
  from {{ ref('stg_github__issue_events') }} as happened
  inner join {{ ref('int_items') }} as item
    on happened.repository_id = item.repository_id and happened.number = item.number
  where {{ of_job('happened.repository_id') }}
  group by happened.repository_id, happened.event
),

events as (
  select
    repository_id,
    sum(events_count)::bigint as issue_events_count,
    jsonb_object_agg(event, events_count) as issue_events_by_kind
  from event_kinds
  group by repository_id
),

phases as (
  select
    repository_id,
    percentile_cont(0.5) within group (order by cycle_hours) as pull_request_cycle_p50_hours,
    avg(is_self_merged::integer)::double precision as self_merge_ratio,
    avg(is_unreviewed_merge::integer)::double precision as unreviewed_merge_ratio
  from {{ ref('pull_request_cycle_time') }}
  group by repository_id
),

backlog as (
  select
    repository_id,
    avg(is_stale::integer) filter (where state = 'open')::double precision as stale_issue_ratio
  from {{ ref('issue_responsiveness') }}
  group by repository_id
)

select
  repository.repository_id,
  repository.full_name,
  repository.is_synthetic,
  repository.default_branch,
  repository.language,
  repository.created_at,
  repository.data_as_of,
  {{ known_counts("coverage.knows_issues", "items", [
    "issues_count", "issues_open_count", "issues_closed_count",
  ]) }},
  {{ known_counts("coverage.knows_pull_requests", "items", [
    "pull_requests_count", "pull_requests_open_count", "pull_requests_merged_count",
    "pull_requests_closed_unmerged_count", "issues_without_pull_request_count",
  ]) }},
  {{ known_counts("coverage.knows_issue_comments", "remarks", [
    "issue_comments_count", "issue_comments_on_issues_count",
    "issue_comments_on_pull_requests_count",
  ]) }},
  {{ known_counts("coverage.knows_reviews", "reviews", [
    "reviews_count", "reviews_approved_count", "reviews_changes_requested_count",
    "reviews_commented_count", "reviews_dismissed_count", "reviews_pending_count",
  ]) }},
  {{ known_counts("coverage.knows_review_comments", "remarks", ["review_comments_count"]) }},
  {{ known_counts("coverage.knows_issue_events", "events", ["issue_events_count"]) }},
  case
    when coverage.knows_issue_events then coalesce(events.issue_events_by_kind, '{}'::jsonb)
  end as issue_events_by_kind,
  {{ known_counts("coverage.knows_commits", "commits", [
    "commits_count", "commits_incl_merges_count", "merge_commits_count",
    "commits_undated_incl_merges_count",
  ]) }},
  unreleased.commits_since_release_count,
  unreleased.unreleased_days,
  {{ known_counts("coverage.knows_labels", "labels", ["labels_count"]) }},
  {{ known_counts("coverage.knows_milestones", "milestones", ["milestones_count"]) }},
  {{ known_counts("coverage.knows_releases", "releases", ["releases_count"]) }},
  {{ known_counts("coverage.knows_tags", "tags", ["tags_count"]) }},
  {{ known_counts("coverage.knows_branches", "branches", ["branches_count"]) }},
  coverage.workflow_runs_count,
  coverage.deployments_count,
  coverage.forks_count,
  coverage.stargazers_count,
  coverage.subscribers_count,
  {{ known_counts("coverage.knows_issue_responses", "items", [
    "issues_with_first_response_count",
  ]) }},
  {{ known_counts("coverage.knows_issue_comments", "items", [
    "issues_with_first_response_declared_count",
  ]) }},
  {{ known_figures("coverage.knows_issue_responses", "items", [
    "issue_first_response_p50_hours",
  ]) }},
  {{ known_figures("coverage.knows_issue_comments", "items", [
    "issue_first_response_declared_p50_hours",
  ]) }},
  {{ known_counts("coverage.knows_pull_request_responses", "items", [
    "pull_requests_with_first_response_count",
  ]) }},
  {{ known_counts("coverage.knows_remarks", "items", [
    "pull_requests_with_first_response_declared_count",
  ]) }},
  {{ known_figures("coverage.knows_pull_request_responses", "items", [
    "pull_request_first_response_p50_hours",
  ]) }},
  {{ known_figures("coverage.knows_remarks", "items", [
    "pull_request_first_response_declared_p50_hours",
  ]) }},
  {{ known_figures("coverage.knows_issues", "items", ["issue_close_p50_hours"]) }},
  {{ known_figures("coverage.knows_pull_requests", "items", ["pull_request_merge_p50_hours"]) }},
  {{ known_figures("coverage.knows_pull_requests", "phases", [
    "pull_request_cycle_p50_hours", "self_merge_ratio", "unreviewed_merge_ratio",
  ]) }},
  {{ known_figures("coverage.knows_issues", "backlog", ["stale_issue_ratio"]) }},
  case
    when coverage.knows_pull_requests
      then
        items.pull_requests_merged_count::double precision
        / nullif(items.pull_requests_closed_count, 0)
  end as merge_rate_of_closed_ratio,
  case
    when coverage.knows_pull_requests
      then
        coalesce(items.pull_requests_merged_count, 0)::double precision
        / greatest(items.pull_requests_closed_count, 1)
  end as merge_rate_of_closed_declared_ratio,
  {{ known_counts("coverage.knows_issues and coverage.knows_remarks", "participants", [
    "participants_count", "participants_declared_count",
  ]) }},
  {{ known_counts("coverage.knows_commits", "commits", [
    "commit_author_emails_count", "commit_author_logins_count",
    "contributors_by_login_or_email_count",
  ]) }},
  {{ known_figures("coverage.knows_commits", "bus_factor_by_email", [
    "bus_factor_by_email_count",
  ]) }},
  {{ known_figures("coverage.knows_commits", "bus_factor_by_login_or_email", [
    "bus_factor_by_login_or_email_count",
  ]) }},
  {{ known_figures("coverage.knows_commits", "absence", ["caf_50_count", "caf_80_count"]) }},
  case
    when coverage.knows_reviews
      then
        coalesce(reviews.reviews_count, 0)::double precision
        / nullif(items.pull_requests_count, 0)
  end as reviews_per_pull_request_ratio,
  case
    when coverage.knows_reviews
      then
        coalesce(reviews.reviews_count, 0)::double precision
        / greatest(items.pull_requests_count, 1)
  end as reviews_per_pull_request_declared_ratio,
  {{ known_figures("coverage.knows_reviews", "per_pull_request", [
    "reviews_per_pull_request_p50",
  ]) }},
  {{ known_counts("coverage.knows_reviews", "reviews", [
    "pull_requests_reviewed_by_other_count",
  ]) }},
  case
    when coverage.knows_issues
      then items.comments_on_issues_count::double precision / nullif(items.issues_count, 0)
  end as comments_per_issue_ratio,
  case
    when coverage.knows_issues
      then
        coalesce(items.comments_on_issues_count, 0)::double precision
        / greatest(items.issues_count, 1)
  end as comments_per_issue_declared_ratio,
  {{ known_counts("coverage.knows_commits", "commits", [
    "lines_added_count", "lines_deleted_count",
  ]) }},
  {{ known_figures("coverage.knows_issues", "items", ["newest_updated_at"]) }}
from {{ ref('int_repositories') }} as repository
left join {{ ref('int_coverage') }} as coverage
  on repository.repository_id = coverage.repository_id
{% for counted in [
  "items", "remarks", "reviews", "per_pull_request", "participants", "commits",
  "bus_factor_by_email", "bus_factor_by_login_or_email", "labels", "milestones", "releases", "tags",
  "branches", "events", "phases", "backlog",
] -%}
left join {{ counted }} on repository.repository_id = {{ counted }}.repository_id
{% endfor -%}
left join {{ ref('int_unreleased') }} as unreleased
  on repository.repository_id = unreleased.repository_id
left join {{ ref('bus_factor') }} as absence
  on
    repository.repository_id = absence.repository_id
    and absence.window_days = 365
    and absence.is_latest
