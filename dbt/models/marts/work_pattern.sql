-- When humans write their commits, by their own clocks. It describes and judges nobody.
with written as (
  select
    made.repository_id,
    made.authored_at,
    (made.authored_at at time zone 'UTC')
    + make_interval(mins => made.author_tz_offset_minutes) as local_at
  from {{ ref('int_commits') }} as made
  inner join {{ ref('int_actors') }} as actor
    on made.repository_id = actor.repository_id and made.person = actor.login
  where actor.actor_class = 'human' and not made.is_merge and made.authored_at is not null
),

hours as (
  select
    written.repository_id,
    extract(isodow from written.local_at)::integer as day_of_week,
    extract(hour from written.local_at)::integer as hour_of_day,
    count(*) as commits_human_count,
    count(*) filter (
      where written.authored_at > repository.data_as_of - interval '365 days'
    ) as commits_human_last_year_count
  from written
  inner join {{ ref('int_repositories') }} as repository
    on written.repository_id = repository.repository_id
  group by written.repository_id, day_of_week, hour_of_day
)

select
  coverage.repository_id,
  weekdays.day_of_week,
  clock.hour_of_day,
  coalesce(hours.commits_human_count, 0) as commits_human_count,
  coalesce(hours.commits_human_last_year_count, 0) as commits_human_last_year_count
from {{ ref('int_coverage') }} as coverage
cross join generate_series(1, 7) as weekdays (day_of_week)
cross join generate_series(0, 23) as clock (hour_of_day)
left join hours
  on
    coverage.repository_id = hours.repository_id
    and weekdays.day_of_week = hours.day_of_week
    and clock.hour_of_day = hours.hour_of_day
where coverage.knows_commits
