with did as (
  select
    repository_id,
    person,
    count(*) filter (where kind = 'issue') as issues_opened_count,
    count(*) filter (where kind = 'pull_request') as pull_requests_opened_count,
    count(*) filter (where kind = 'issue_comment') as issue_comments_count,
    count(*) filter (where kind = 'review') as reviews_count,
    count(*) filter (where kind = 'review_comment') as review_comments_count,
    min(made_at) as first_at,
    max(made_at) as last_at
  from {{ ref('int_contributions') }}
  group by repository_id, person
),

wrote as (
  select
    repository_id,
    person,
    max(author_login) as login,
    count(*) filter (where not is_merge) as commits_count,
    count(*) filter (where is_merge) as merge_commits_count,
    sum(lines_added_count) filter (where not is_merge) as lines_added_count,
    sum(lines_deleted_count) filter (where not is_merge) as lines_deleted_count,
    min(committed_at) as first_at,
    max(committed_at) as last_at
  from {{ ref('int_commits') }}
  group by repository_id, person
),

merged as (
  select repository_id, author_login as person, count(*) as pull_requests_merged_count
  from {{ ref('int_items') }}
  where merged_at is not null
  group by repository_id, author_login
),

together as (
  select
    repository_id,
    person,
    least(did.first_at, wrote.first_at) as first_at,
    greatest(did.last_at, wrote.last_at) as last_at,
    coalesce(did.issues_opened_count, 0) as issues_opened_count,
    coalesce(did.pull_requests_opened_count, 0) as pull_requests_opened_count,
    coalesce(merged.pull_requests_merged_count, 0) as pull_requests_merged_count,
    coalesce(did.issue_comments_count, 0) as issue_comments_count,
    coalesce(did.reviews_count, 0) as reviews_count,
    coalesce(did.review_comments_count, 0) as review_comments_count,
    coalesce(wrote.commits_count, 0) as commits_count,
    coalesce(wrote.merge_commits_count, 0) as merge_commits_count,
    coalesce(wrote.lines_added_count, 0) as lines_added_count,
    coalesce(wrote.lines_deleted_count, 0) as lines_deleted_count
  from did
  full join wrote using (repository_id, person)
  left join merged using (repository_id, person)
)

select
  together.repository_id,
  together.person,
  case when together.person not like '%@%' then together.person end as login,
  actor.actor_class,
  actor.is_declared_bot,
  together.first_at,
  together.last_at,
  case
    when together.last_at > repository.data_as_of - interval '6 months' then 'active'
    when together.last_at > repository.data_as_of - interval '12 months' then 'drifting'
    else 'away'
  end as status,
  {{ if_known('coverage.knows_commits', 'together.commits_count') }} as commits_count,
  {{ if_known('coverage.knows_commits', 'together.merge_commits_count') }} as merge_commits_count,
  {{ if_known('coverage.knows_commits', 'together.lines_added_count') }} as lines_added_count,
  {{ if_known('coverage.knows_commits', 'together.lines_deleted_count') }} as lines_deleted_count,
  {{ if_known('coverage.knows_issues', 'together.issues_opened_count') }} as issues_opened_count,
  {{ if_known('coverage.knows_pull_requests', 'together.pull_requests_opened_count') }}
    as pull_requests_opened_count,
  {{ if_known('coverage.knows_pull_requests', 'together.pull_requests_merged_count') }}
    as pull_requests_merged_count,
  {{ if_known('coverage.knows_issue_comments', 'together.issue_comments_count') }}
    as issue_comments_count,
  {{ if_known('coverage.knows_reviews', 'together.reviews_count') }} as reviews_count,
  {{ if_known('coverage.knows_review_comments', 'together.review_comments_count') }}
    as review_comments_count
from together
inner join {{ ref('int_repositories') }} as repository using (repository_id)
left join {{ ref('int_coverage') }} as coverage using (repository_id)
left join {{ ref('int_actors') }} as actor
  on actor.repository_id = together.repository_id and actor.login = together.person
