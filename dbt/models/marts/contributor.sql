with did as (
  select
    repository_id,
    person,
    count(*) filter (where kind = 'issue') as issues_opened_count,
    count(*) filter (where kind = 'pull_request') as pull_requests_opened_count,
    count(*) filter (where kind = 'issue_comment') as issue_comments_count,
    count(*) filter (where kind = 'review') as reviews_count,
    count(*) filter (where kind = 'review_comment') as review_comments_count,
    count(*) filter (where kind = 'discussion') as discussions_opened_count,
    count(*) filter (where kind = 'discussion_comment') as discussion_comments_count,
    (array_agg(kind order by made_at, kind) filter (where made_at is not null))[1] as first_kind,
    -- What is done on GitHub is done by an account.
    bool_or(kind <> 'commit') as has_account,
    min(made_at) as first_at,
    max(made_at) as last_at
  from {{ ref('int_contributions') }}
  group by repository_id, person
),

wrote as (
  select
    repository_id,
    person,
    count(*) filter (where not is_merge) as commits_count,
    count(*) filter (where is_merge) as merge_commits_count,
    sum(lines_added_count) filter (where not is_merge) as lines_added_count,
    sum(lines_deleted_count) filter (where not is_merge) as lines_deleted_count,
    bool_or(author_login is not null) as has_account,
    min(committed_at) as first_at,
    max(committed_at) as last_at
  from {{ ref('int_commits') }}
  group by repository_id, person
),

merged as (
  select
    repository_id,
    author_login as person,
    count(*) as pull_requests_merged_count
  from {{ ref('int_items') }}
  where merged_at is not null
  group by repository_id, author_login
),

dated as (
  select
    did.first_kind,
    did.first_at as contributed_at,
    coalesce(did.repository_id, wrote.repository_id) as repository_id,
    coalesce(did.person, wrote.person) as person,
    coalesce(did.has_account, false) or coalesce(wrote.has_account, false) as has_account,
    least(did.first_at, wrote.first_at) as first_at,
    greatest(did.last_at, wrote.last_at) as last_at,
    -- When the history that is held begins.
    min(least(did.first_at, wrote.first_at))
      over (partition by coalesce(did.repository_id, wrote.repository_id)) as history_starts_at
  from did
  full join wrote on did.repository_id = wrote.repository_id and did.person = wrote.person
)

select
  dated.repository_id,
  dated.person,
  case when dated.has_account then dated.person end as login,
  actor.actor_class,
  actor.is_declared_bot,
  dated.first_at,
  dated.last_at,
  dated.first_kind,
  {{ hours_between('dated.first_at', 'dated.last_at') }} / 24 as tenure_days,
  -- Whoever is there at the start of a history may have been there before it.
  case
    when dated.contributed_at >= dated.history_starts_at + interval '90 days'
      then {{ day_of('dated.contributed_at') }}
  end as newcomer_on,
  case
    when dated.last_at > repository.data_as_of - interval '6 months' then 'active'
    when dated.last_at > repository.data_as_of - interval '12 months' then 'drifting'
    when dated.last_at is not null then 'away'
  end as status,
  {{ known_counts("coverage.knows_commits", "wrote", [
    "commits_count", "merge_commits_count", "lines_added_count", "lines_deleted_count",
  ]) }},
  {{ known_counts("coverage.knows_issues", "did", ["issues_opened_count"]) }},
  {{ known_counts("coverage.knows_pull_requests", "did", ["pull_requests_opened_count"]) }},
  {{ known_counts("coverage.knows_pull_requests", "merged", ["pull_requests_merged_count"]) }},
  {{ known_counts("coverage.knows_issue_comments", "did", ["issue_comments_count"]) }},
  {{ known_counts("coverage.knows_reviews", "did", ["reviews_count"]) }},
  {{ known_counts("coverage.knows_review_comments", "did", ["review_comments_count"]) }},
  {{ known_counts("coverage.knows_discussions", "did", [
    "discussions_opened_count", "discussion_comments_count",
  ]) }}
from dated
inner join {{ ref('int_repositories') }} as repository
  on dated.repository_id = repository.repository_id
inner join {{ ref('int_actors') }} as actor
  on dated.repository_id = actor.repository_id and dated.person = actor.login
left join {{ ref('int_coverage') }} as coverage on dated.repository_id = coverage.repository_id
left join did on dated.repository_id = did.repository_id and dated.person = did.person
left join wrote on dated.repository_id = wrote.repository_id and dated.person = wrote.person
left join merged on dated.repository_id = merged.repository_id and dated.person = merged.person
