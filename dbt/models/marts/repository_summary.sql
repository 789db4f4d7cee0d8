-- One row per repository. Columns with `declared` in their name follow the plainest rule: somebody
-- else who is neither declared a bot by GitHub nor a deleted account, from the time of opening.
with items as (
  select
    item.repository_id,
    count(*) filter (where not item.is_pull_request) as issues_count,
    count(*) filter (where not item.is_pull_request and item.state = 'open') as issues_open_count,
    count(*) filter (where not item.is_pull_request and item.state = 'closed') as issues_closed_count,
    count(*) filter (where item.has_pull_request) as pull_requests_count,
    count(*) filter (where item.has_pull_request and item.state = 'open') as pull_requests_open_count,
    count(*) filter (where item.merged_at is not null) as pull_requests_merged_count,
    count(*) filter (where item.has_pull_request and item.state = 'closed' and item.merged_at is null)
      as pull_requests_closed_unmerged_count,
    count(*) filter (where item.has_pull_request and item.state = 'closed') as closed,
    count(*) filter (where item.is_pull_request and not item.has_pull_request)
      as issues_without_pull_request_count,
    sum(item.comments_count) filter (where not item.is_pull_request) as comments_on_issues,
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
    on answer.repository_id = item.repository_id and answer.number = item.number
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
  left join {{ ref('int_items') }} as item
    on item.repository_id = remark.repository_id and item.number = remark.number
  group by remark.repository_id
),

reviews as (
  select
    review.repository_id,
    count(*) as reviews_count,
    count(*) filter (where review.state = 'APPROVED') as reviews_approved_count,
    count(*) filter (where review.state = 'CHANGES_REQUESTED') as reviews_changes_requested_count,
    count(*) filter (where review.state = 'COMMENTED') as reviews_commented_count,
    count(*) filter (where review.state = 'DISMISSED') as reviews_dismissed_count,
    count(*) filter (where review.state = 'PENDING') as reviews_pending_count,
    count(distinct review.number) filter (where review.author_login <> item.author_login)
      as pull_requests_reviewed_by_other_count
  from {{ ref('stg_github__reviews') }} as review
  left join {{ ref('int_items') }} as item
    on item.repository_id = review.repository_id and item.number = review.number
  where {{ of_job('review.repository_id') }}
  group by review.repository_id
),

per_pull_request as (
  select
    item.repository_id,
    percentile_cont(0.5) within group (order by coalesce(held.reviews_count, 0))
      as reviews_per_pull_request_p50
  from {{ ref('int_items') }} as item
  left join (
    select repository_id, number, count(*) as reviews_count
    from {{ ref('stg_github__reviews') }}
    where {{ of_job() }}
    group by repository_id, number
  ) as held on held.repository_id = item.repository_id and held.number = item.number
  where item.has_pull_request
  group by item.repository_id
),

participants as (
  select
    took_part.repository_id,
    count(*) filter (where not actor.is_declared_bot and not actor.is_ghost)
      as participants_declared_count,
    count(*) filter (where actor.actor_class = 'human') as participants_count
  from (
    select repository_id, author_login as login from {{ ref('int_items') }}
    union
    select repository_id, author_login from {{ ref('int_remarks') }}
    union
    select repository_id, author_login from {{ ref('stg_github__reviews') }} where {{ of_job() }}
  ) as took_part
  inner join {{ ref('int_actors') }} as actor
    on actor.repository_id = took_part.repository_id and actor.login = took_part.login
  group by took_part.repository_id
),

commits as (
  select
    repository_id,
    count(*) as commits_incl_merges_count,
    count(*) filter (where not is_merge) as commits_count,
    count(*) filter (where is_merge) as merge_commits_count,
    count(distinct author_email) as commit_author_emails_count,
    count(distinct author_login) as commit_author_logins_count,
    count(distinct person) filter (where not is_merge) as contributors_by_login_or_email_count,
    sum(lines_added_count) filter (where not is_merge) as lines_added_count,
    sum(lines_deleted_count) filter (where not is_merge) as lines_deleted_count
  from {{ ref('int_commits') }}
  group by repository_id
),

{% for name, person in (("email", "author_email"), ("login_or_email", "person")) %}
bus_factor_by_{{ name }} as (
  select repository_id, min(place)::integer as persons_count
  from (
    select
      repository_id,
      row_number() over (partition by repository_id order by count(*) desc, {{ person }}) as place,
      sum(count(*)) over (
        partition by repository_id order by count(*) desc, {{ person }} rows unbounded preceding
      ) as so_far,
      sum(count(*)) over (partition by repository_id) as total
    from {{ ref('int_commits') }}
    where not is_merge
    group by repository_id, {{ person }}
  ) as shares
  where so_far * 2 >= total
  group by repository_id
),

{% endfor %}
listed as (
  select
    repository.repository_id,
    (select count(*) from {{ ref('stg_github__labels') }} as one
     where one.repository_id = repository.repository_id) as labels_count,
    (select count(*) from {{ ref('stg_github__milestones') }} as one
     where one.repository_id = repository.repository_id) as milestones_count,
    (select count(*) from {{ ref('stg_github__releases') }} as one
     where one.repository_id = repository.repository_id) as releases_count,
    (select count(*) from {{ ref('stg_git__tags') }} as one
     where one.repository_id = repository.repository_id) as tags_count,
    (select count(*) from {{ ref('stg_git__branches') }} as one
     where one.repository_id = repository.repository_id) as branches_count,
    (select count(*) from {{ ref('stg_github__issue_events') }} as one
     where one.repository_id = repository.repository_id) as issue_events_count
  from {{ ref('int_repositories') }} as repository
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
  {{ if_known('coverage.knows_issues', 'items.issues_count') }} as issues_count,
  {{ if_known('coverage.knows_issues', 'items.issues_open_count') }} as issues_open_count,
  {{ if_known('coverage.knows_issues', 'items.issues_closed_count') }} as issues_closed_count,
  {{ if_known('coverage.knows_pull_requests', 'items.pull_requests_count') }} as pull_requests_count,
  {{ if_known('coverage.knows_pull_requests', 'items.pull_requests_open_count') }} as pull_requests_open_count,
  {{ if_known('coverage.knows_pull_requests', 'items.pull_requests_merged_count') }} as pull_requests_merged_count,
  {{ if_known('coverage.knows_pull_requests', 'items.pull_requests_closed_unmerged_count') }} as pull_requests_closed_unmerged_count,
  {{ if_known('coverage.knows_pull_requests', 'items.issues_without_pull_request_count') }} as issues_without_pull_request_count,
  {{ if_known('coverage.knows_issue_comments', 'remarks.issue_comments_count') }} as issue_comments_count,
  {{ if_known('coverage.knows_issue_comments', 'remarks.issue_comments_on_issues_count') }} as issue_comments_on_issues_count,
  {{ if_known('coverage.knows_issue_comments', 'remarks.issue_comments_on_pull_requests_count') }} as issue_comments_on_pull_requests_count,
  {{ if_known('coverage.knows_reviews', 'reviews.reviews_count') }} as reviews_count,
  {{ if_known('coverage.knows_reviews', 'reviews.reviews_approved_count') }} as reviews_approved_count,
  {{ if_known('coverage.knows_reviews', 'reviews.reviews_changes_requested_count') }} as reviews_changes_requested_count,
  {{ if_known('coverage.knows_reviews', 'reviews.reviews_commented_count') }} as reviews_commented_count,
  {{ if_known('coverage.knows_reviews', 'reviews.reviews_dismissed_count') }} as reviews_dismissed_count,
  {{ if_known('coverage.knows_reviews', 'reviews.reviews_pending_count') }} as reviews_pending_count,
  {{ if_known('coverage.knows_review_comments', 'remarks.review_comments_count') }} as review_comments_count,
  {{ if_known('coverage.knows_issue_events', 'listed.issue_events_count') }} as issue_events_count,
  {{ if_known('coverage.knows_commits', 'commits.commits_count') }} as commits_count,
  {{ if_known('coverage.knows_commits', 'commits.commits_incl_merges_count') }} as commits_incl_merges_count,
  {{ if_known('coverage.knows_commits', 'commits.merge_commits_count') }} as merge_commits_count,
  {{ if_known('coverage.knows_labels', 'listed.labels_count') }} as labels_count,
  {{ if_known('coverage.knows_milestones', 'listed.milestones_count') }} as milestones_count,
  {{ if_known('coverage.knows_releases', 'listed.releases_count') }} as releases_count,
  {{ if_known('coverage.knows_tags', 'listed.tags_count') }} as tags_count,
  {{ if_known('coverage.knows_branches', 'listed.branches_count') }} as branches_count,
  coverage.workflow_runs_count,
  coverage.deployments_count,
  coverage.forks_count,
  coverage.stargazers_count,
  coverage.subscribers_count,
  {{ if_known('coverage.knows_issue_comments', 'items.issues_with_first_response_count') }} as issues_with_first_response_count,
  {{ if_known('coverage.knows_issue_comments', 'items.issues_with_first_response_declared_count') }} as issues_with_first_response_declared_count,
  case when coverage.knows_issue_comments then items.issue_first_response_p50_hours end as issue_first_response_p50_hours,
  case when coverage.knows_issue_comments then items.issue_first_response_declared_p50_hours end as issue_first_response_declared_p50_hours,
  {{ if_known('coverage.knows_reviews', 'items.pull_requests_with_first_response_count') }} as pull_requests_with_first_response_count,
  {{ if_known('coverage.knows_reviews', 'items.pull_requests_with_first_response_declared_count') }} as pull_requests_with_first_response_declared_count,
  case when coverage.knows_reviews then items.pull_request_first_response_p50_hours end as pull_request_first_response_p50_hours,
  case when coverage.knows_reviews then items.pull_request_first_response_declared_p50_hours end as pull_request_first_response_declared_p50_hours,
  items.issue_close_p50_hours,
  items.pull_request_merge_p50_hours,
  phases.pull_request_cycle_p50_hours,
  phases.self_merge_ratio,
  phases.unreviewed_merge_ratio,
  backlog.stale_issue_ratio,
  items.pull_requests_merged_count::double precision / nullif(items.closed, 0) as merge_rate_of_closed_ratio,
  case when coverage.knows_pull_requests then coalesce(items.pull_requests_merged_count, 0)::double precision
    / greatest(coalesce(items.closed, 0), 1) end as merge_rate_of_closed_declared_ratio,
  {{ if_known('coverage.knows_issues', 'participants.participants_count') }} as participants_count,
  {{ if_known('coverage.knows_issues', 'participants.participants_declared_count') }} as participants_declared_count,
  {{ if_known('coverage.knows_commits', 'commits.commit_author_emails_count') }} as commit_author_emails_count,
  {{ if_known('coverage.knows_commits', 'commits.commit_author_logins_count') }} as commit_author_logins_count,
  {{ if_known('coverage.knows_commits', 'commits.contributors_by_login_or_email_count') }} as contributors_by_login_or_email_count,
  bus_factor_by_email.persons_count as bus_factor_by_email_count,
  bus_factor_by_login_or_email.persons_count as bus_factor_by_login_or_email_count,
  absence.caf_50_count,
  absence.caf_80_count,
  case when coverage.knows_reviews then reviews.reviews_count::double precision / nullif(items.pull_requests_count, 0) end as reviews_per_pull_request_ratio,
  case when coverage.knows_reviews then coalesce(reviews.reviews_count, 0)::double precision
    / greatest(coalesce(items.pull_requests_count, 0), 1) end as reviews_per_pull_request_declared_ratio,
  case when coverage.knows_reviews then per_pull_request.reviews_per_pull_request_p50 end as reviews_per_pull_request_p50,
  {{ if_known('coverage.knows_reviews', 'reviews.pull_requests_reviewed_by_other_count') }} as pull_requests_reviewed_by_other_count,
  case when coverage.knows_issues then items.comments_on_issues::double precision / nullif(items.issues_count, 0) end as comments_per_issue_ratio,
  case when coverage.knows_issues then coalesce(items.comments_on_issues, 0)::double precision
    / greatest(coalesce(items.issues_count, 0), 1) end as comments_per_issue_declared_ratio,
  {{ if_known('coverage.knows_commits', 'commits.lines_added_count') }} as lines_added_count,
  {{ if_known('coverage.knows_commits', 'commits.lines_deleted_count') }} as lines_deleted_count,
  items.newest_updated_at
from {{ ref('int_repositories') }} as repository
left join {{ ref('int_coverage') }} as coverage using (repository_id)
left join items using (repository_id)
left join remarks using (repository_id)
left join reviews using (repository_id)
left join per_pull_request using (repository_id)
left join participants using (repository_id)
left join commits using (repository_id)
left join bus_factor_by_email using (repository_id)
left join bus_factor_by_login_or_email using (repository_id)
left join listed using (repository_id)
left join phases using (repository_id)
left join backlog using (repository_id)
left join {{ ref('bus_factor') }} as absence
  on absence.repository_id = repository.repository_id and absence.window_days = 365
