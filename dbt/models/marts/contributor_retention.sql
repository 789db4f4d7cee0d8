-- Of the humans who came in a month, how many are active k months later. Months that are not over
-- at the instant of the figures say nothing yet, so they have no row.
with active as (
  select distinct
    did.repository_id,
    did.person,
    {{ start_of('month', 'did.made_at') }} as month
  from {{ ref('int_contributions') }} as did
  inner join {{ ref('int_actors') }} as actor
    on did.repository_id = actor.repository_id and did.person = actor.login
  where actor.actor_class = 'human' and did.made_at is not null
),

members as (
  select
    repository_id,
    person,
    month,
    min(month) over (partition by repository_id, person) as cohort_month
  from active
),

cohorts as (
  select
    repository_id,
    cohort_month,
    count(*) filter (where month = cohort_month) as cohort_count
  from members
  group by repository_id, cohort_month
),

came_back as (
  select
    repository_id,
    cohort_month,
    month,
    count(*) as active_count
  from members
  group by repository_id, cohort_month, month
)

select
  cohort.repository_id,
  cohort.cohort_month,
  later.month_number,
  cohort.cohort_count,
  coalesce(came_back.active_count, 0) as active_count,
  coalesce(came_back.active_count, 0)::double precision / cohort.cohort_count as retention_ratio
from cohorts as cohort
inner join {{ ref('int_repositories') }} as repository
  on cohort.repository_id = repository.repository_id
inner join generate_series(0, 24) as later (month_number)
  on
    cohort.cohort_month + make_interval(months => later.month_number + 1)
    <= {{ day_of('repository.data_as_of') }}
left join came_back
  on
    cohort.repository_id = came_back.repository_id
    and cohort.cohort_month = came_back.cohort_month
    and came_back.month = cohort.cohort_month + make_interval(months => later.month_number)
