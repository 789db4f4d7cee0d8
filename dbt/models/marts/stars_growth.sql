-- Stars and forks by day. GitHub lists the stars and forks that stand now by the day on which they
-- were given, so what was taken back is in none of these days. Where it does not list stars, what
-- its counter said when it was read is all that is known, and other days are null.
with given as (
  select
    starred.repository_id,
    listed.stars_count::bigint as stars_count,
    least(
      {{ day_of('starred.week_started_at') }} + (listed.place - 1)::integer,
      {{ day_of('repository.data_as_of') }}
    ) as given_on
  from {{ ref('stg_github__stars_history') }} as starred
  inner join {{ ref('int_repositories') }} as repository
    on starred.repository_id = repository.repository_id
  cross join
    lateral jsonb_array_elements_text(starred.stars_by_day)
    with ordinality as listed (stars_count, place)
  where {{ of_job('starred.repository_id') }}
),

stars as (
  select
    repository_id,
    given_on as day,
    sum(stars_count)::bigint as given_count
  from given
  where stars_count <> 0
  group by repository_id, given_on
),

forked as (
  select
    fork.repository_id,
    least({{ day_of('fork.created_at') }}, {{ day_of('repository.data_as_of') }}) as day
  from {{ ref('stg_github__forks') }} as fork
  inner join {{ ref('int_repositories') }} as repository
    on fork.repository_id = repository.repository_id
  where {{ of_job('fork.repository_id') }} and fork.created_at is not null
),

forks as (
  select
    repository_id,
    day,
    count(*) as made_count
  from forked
  group by repository_id, day
),

-- What is held of the object is still so when the figures are made: it was asked for anew.
seen as (
  select
    repository_id,
    seen_at,
    stargazers_count,
    forks_count,
    subscribers_count
  from {{ ref('stg_github__repositories_history') }}
  where {{ of_job() }}
  union all
  select
    repository_id,
    seen_at,
    stargazers_count,
    forks_count,
    subscribers_count
  from {{ ref('stg_github__repositories') }}
  where {{ of_job() }}
  union all
  select
    repository.repository_id,
    repository.data_as_of,
    coalesce(coverage.stargazers_count, held.stargazers_count),
    coalesce(coverage.forks_count, held.forks_count),
    coalesce(coverage.subscribers_count, held.subscribers_count)
  from {{ ref('int_repositories') }} as repository
  inner join {{ ref('stg_github__repositories') }} as held
    on repository.repository_id = held.repository_id
  left join {{ ref('int_coverage') }} as coverage
    on repository.repository_id = coverage.repository_id
  where {{ of_job('repository.repository_id') }}
),

reported as (
  select distinct on (seen.repository_id, {{ day_of('seen.seen_at') }})
    seen.repository_id,
    {{ day_of('seen.seen_at') }} as day,
    seen.stargazers_count,
    seen.forks_count,
    seen.subscribers_count
  from seen
  inner join {{ ref('int_repositories') }} as repository
    on seen.repository_id = repository.repository_id
  where {{ day_of('seen.seen_at') }} <= {{ day_of('repository.data_as_of') }}
  order by
    seen.repository_id asc, {{ day_of('seen.seen_at') }} asc,
    seen.seen_at = repository.data_as_of desc, seen.seen_at desc
),

starts as (
  select
    repository_id,
    min(day) as first_day
  from (
    select
      repository_id,
      day
    from stars
    union all
    select
      repository_id,
      day
    from forks
    union all
    select
      repository_id,
      day
    from reported
    union all
    select
      repository_id,
      {{ day_of('created_at') }}
    from {{ ref('int_repositories') }}
    where created_at is not null
  ) as beginnings
  group by repository_id
),

spine as (
  select
    repository.repository_id,
    starts.first_day + days_later as day,
    coalesce(coverage.knows_stars_history, false) as is_listed,
    coalesce(coverage.knows_forks, false) as are_forks_listed
  from starts
  inner join {{ ref('int_repositories') }} as repository
    on starts.repository_id = repository.repository_id
  left join {{ ref('int_coverage') }} as coverage
    on starts.repository_id = coverage.repository_id
  cross join lateral generate_series(
    0, {{ day_of('repository.data_as_of') }} - starts.first_day
  ) as days_later
),

summed as (
  select
    spine.repository_id,
    spine.day,
    spine.is_listed,
    spine.are_forks_listed,
    reported.stargazers_count,
    reported.subscribers_count,
    sum(coalesce(stars.given_count, 0)) over so_far as stars_listed_count,
    case
      when spine.are_forks_listed then (sum(coalesce(forks.made_count, 0)) over so_far)::bigint
      else reported.forks_count
    end as forks_count
  from spine
  left join stars on spine.repository_id = stars.repository_id and spine.day = stars.day
  left join forks on spine.repository_id = forks.repository_id and spine.day = forks.day
  left join reported on spine.repository_id = reported.repository_id and spine.day = reported.day
  window so_far as (partition by spine.repository_id order by spine.day)
),

known as (
  select
    *,
    case when is_listed then stars_listed_count::bigint else stargazers_count end as stars_count,
    case
      when is_listed then 'stars_history'
      when stargazers_count is not null then 'repository'
    end as source
  from summed
),

-- A list has none before its first day; a counter says nothing of a day before it was read.
gained as (
  select
    *,
    {{ gained_counts("stars", "is_listed") }},
    {{ gained_counts("forks", "are_forks_listed") }}
  from known
  window by_day as (partition by repository_id order by day)
)

select
  repository_id,
  day,
  source,
  stars_count,
  stargazers_count as stars_reported_count,
  stars_gained_1d_count as stars_gained_count,
  stars_gained_7d_count,
  stars_gained_28d_count,
  stars_gained_90d_count,
  forks_count,
  forks_gained_1d_count as forks_gained_count,
  forks_gained_7d_count,
  forks_gained_28d_count,
  forks_gained_90d_count,
  subscribers_count as watchers_count,
  stars_gained_28d_count - (stars_gained_56d_count - stars_gained_28d_count)
    as star_acceleration_count,
  case when is_listed then stargazers_count - stars_count end as stars_drift_count
from gained
