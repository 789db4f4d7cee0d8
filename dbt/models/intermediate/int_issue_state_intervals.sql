-- When issues and pull requests were open and when they were closed. Events tell of it; where they
-- do not end in the state that the record itself has, the record is right: lists of events lose
-- some, and are read at another time. What is open still is so until the instant of the figures.
with changes as (
  select
    repository_id,
    number,
    created_at as made_at,
    'open' as state,
    0 as place,
    0 as issue_event_id,
    false as is_by_record
  from {{ ref('int_items') }}
  union all
  select
    happened.repository_id,
    happened.number,
    greatest(happened.created_at, item.created_at),
    case when happened.event = 'reopened' then 'open' else 'closed' end,
    1,
    happened.issue_event_id,
    false
  from {{ ref('stg_github__issue_events') }} as happened
  inner join {{ ref('int_items') }} as item
    on happened.repository_id = item.repository_id and happened.number = item.number
  where
    {{ of_job('happened.repository_id') }}
    and happened.event in ('closed', 'merged', 'reopened')
    and (item.closed_at is null or happened.created_at <= item.closed_at)
  union all
  select
    repository_id,
    number,
    greatest(closed_at, created_at),
    'closed',
    2,
    0,
    true
  from {{ ref('int_items') }}
  where closed_at is not null
),

compared as (
  select
    *,
    lag(state) over in_order as state_before
  from changes
  window
    in_order as (
      partition by repository_id, number
      order by made_at, place, issue_event_id
    )
),

-- One row per change of state, with what the last one is.
changed as (
  select
    *,
    row_number() over in_order as interval_number,
    lead(state) over in_order is null as is_last
  from compared
  where state is distinct from state_before
  window
    in_order as (
      partition by repository_id, number
      order by made_at, place, issue_event_id
    )
),

kept as (
  select
    changed.*,
    item.is_pull_request,
    item.closed_at is null as is_open,
    lead(changed.made_at) over (
      partition by changed.repository_id, changed.number
      order by changed.interval_number
    ) as changed_at
  from changed
  inner join {{ ref('int_items') }} as item
    on changed.repository_id = item.repository_id and changed.number = item.number
  -- A close that the record does not know of is none.
  where not (changed.is_last and changed.state = 'closed' and item.closed_at is null)
)

select
  kept.repository_id,
  kept.number,
  kept.interval_number::integer as interval_number,
  kept.is_pull_request,
  kept.state,
  kept.made_at as started_at,
  coalesce(kept.changed_at, greatest(repository.data_as_of, kept.made_at)) as ended_at,
  kept.changed_at is null as is_current,
  kept.is_by_record or (kept.is_open and kept.changed_at is null and not kept.is_last)
    as is_reconciled
from kept
inner join {{ ref('int_repositories') }} as repository
  on kept.repository_id = repository.repository_id
