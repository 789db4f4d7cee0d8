-- Commits per person, merges left out: over all time (0), over the year before the figures, and
-- over the years that end with each of the 35 months before; none where commits are not known.
with years as (
  select
    repository_id,
    365 as window_days,
    data_as_of - interval '365 days' as opens_at,
    null::timestamptz as closes_at,
    {{ start_of('month', 'data_as_of') }} as month,
    true as is_latest
  from {{ ref('int_repositories') }}
  union all
  select
    repository.repository_id,
    365,
    (spine.ends_on - interval '365 days') at time zone 'UTC',
    spine.ends_on at time zone 'UTC',
    (spine.ends_on - interval '1 month')::date,
    false
  from {{ ref('int_repositories') }} as repository
  cross join lateral generate_series(
    {{ start_of('month', 'repository.data_as_of') }} - interval '34 months',
    {{ start_of('month', 'repository.data_as_of') }},
    interval '1 month'
  ) as spine (ends_on)
),

spans as (
  select * from years
  union all
  select
    repository_id,
    0,
    '-infinity',
    null,
    month,
    true
  from years
  where is_latest
)

select
  made.repository_id,
  span.window_days,
  span.month,
  span.is_latest,
  made.person,
  actor.actor_class = 'human' as is_human,
  count(*) as commits_count
from {{ ref('int_commits') }} as made
inner join spans as span
  on
    made.repository_id = span.repository_id
    and (span.window_days = 0 or made.committed_at >= span.opens_at)
    and (span.is_latest or made.committed_at < span.closes_at)
inner join {{ ref('int_actors') }} as actor
  on made.repository_id = actor.repository_id and made.person = actor.login
inner join {{ ref('int_coverage') }} as coverage
  on made.repository_id = coverage.repository_id
where coverage.knows_commits and not made.is_merge
group by
  made.repository_id, span.window_days, span.month, span.is_latest, made.person, actor.actor_class
