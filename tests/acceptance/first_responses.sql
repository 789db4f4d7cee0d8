-- Median hours to the first response of issues and of pull requests, as others count them, out of
-- our staging: of those that were answered, so that whoever still waits does not count.
with items as (
  select
    issue.number,
    issue.is_pull_request,
    issue.author_login,
    issue.created_at,
    coalesce(pull.first_ready_at, issue.created_at) as ready_at
  from staging.stg_github__issues as issue
  left join staging.stg_github__pull_requests as pull
    on issue.repository_id = pull.repository_id and issue.number = pull.number
  where issue.repository_id = {repository_id}
),

remarks as (
  select number, author_login as login, created_at as made_at
  from staging.stg_github__issue_comments
  where repository_id = {repository_id}
  union all
  select number, author_login, submitted_at
  from staging.stg_github__reviews
  where repository_id = {repository_id}
  union all
  select number, author_login, created_at
  from staging.stg_github__review_comments
  where repository_id = {repository_id}
),

answered as (
  select
    items.number,
    items.is_pull_request,
    items.created_at,
    items.ready_at,
    min(remarks.made_at) as anybody_at,
    min(remarks.made_at) filter (where remarks.login <> items.author_login) as other_at,
    min(remarks.made_at) filter (
      where remarks.login <> items.author_login and actors.actor_class = 'human'
    ) as human_at,
    min(remarks.made_at) filter (
      where
      remarks.login <> items.author_login
      and actors.actor_class = 'human'
      and remarks.made_at >= items.ready_at
    ) as ready_human_at
  from items
  left join remarks on items.number = remarks.number
  left join marts.dim_actor as actors
    on actors.repository_id = {repository_id} and remarks.login = actors.login
  group by items.number, items.is_pull_request, items.created_at, items.ready_at
),

hours as (
  select
    is_pull_request,
    extract(epoch from anybody_at - created_at) / 3600 as anybody,
    extract(epoch from other_at - created_at) / 3600 as other,
    extract(epoch from human_at - created_at) / 3600 as human,
    extract(epoch from ready_human_at - ready_at) / 3600 as ready_human
  from answered
)

select
  is_pull_request,
  percentile_cont(0.5) within group (order by anybody),
  percentile_cont(0.5) within group (order by other),
  percentile_cont(0.5) within group (order by human),
  percentile_cont(0.5) within group (order by ready_human)
from hours
group by is_pull_request
order by is_pull_request
