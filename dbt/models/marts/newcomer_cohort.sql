-- How many humans were new in a month, and how many of them came to stay: two merged pull requests
-- within 180 days of the first contribution.
with people as (
  select *
  from {{ ref('contributor') }}
  where actor_class = 'human'
),

merged as (
  select
    people.repository_id,
    people.person,
    count(*) as pull_requests_count
  from people
  inner join {{ ref('int_items') }} as item
    on
      people.repository_id = item.repository_id
      and people.person = item.author_login
      and {{ day_of('item.merged_at') }} < people.newcomer_on + 180
  group by people.repository_id, people.person
),

newcomers as (
  select
    people.repository_id,
    date_trunc('month', people.newcomer_on)::date as cohort_month,
    count(*) as newcomers_human_count,
    count(*) filter (where merged.pull_requests_count >= 2) as repeat_human_count
  from people
  left join merged
    on people.repository_id = merged.repository_id and people.person = merged.person
  where people.newcomer_on is not null
  group by people.repository_id, cohort_month
),

histories as (
  select
    repository_id,
    min(first_at) as starts_at
  from {{ ref('contributor') }}
  group by repository_id
),

-- A month of which all days lie 90 days or more after the start of the history, up to the figures'.
months as (
  select
    history.repository_id,
    spine.starts_on::date as cohort_month,
    coverage.knows_pull_requests
    and {{ day_of('repository.data_as_of') }} - 180 >= (spine.starts_on + interval '1 month')::date
      as is_mature
  from histories as history
  inner join {{ ref('int_repositories') }} as repository
    on history.repository_id = repository.repository_id
  inner join {{ ref('int_coverage') }} as coverage
    on history.repository_id = coverage.repository_id
  cross join lateral generate_series(
    {{ start_of('month', "(history.starts_at + interval '90 days' - interval '1 microsecond')") }}
    + interval '1 month',
    {{ start_of('month', 'repository.data_as_of') }},
    interval '1 month'
  ) as spine (starts_on)
)

select
  months.repository_id,
  months.cohort_month,
  months.is_mature,
  coalesce(newcomers.newcomers_human_count, 0) as newcomers_human_count,
  {{ if_known('months.is_mature', 'newcomers.repeat_human_count') }} as repeat_human_count,
  case
    when months.is_mature
      then newcomers.repeat_human_count::double precision / newcomers.newcomers_human_count
  end as newcomer_to_repeat_ratio
from months
left join newcomers
  on
    months.repository_id = newcomers.repository_id
    and months.cohort_month = newcomers.cohort_month
