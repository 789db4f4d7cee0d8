-- When pull requests were drafts. GitHub tells of each change; how one was opened follows from the
-- first, and where there is none from what it is now. Without a token no change is known.
with changes as (
  select
    repository_id,
    number,
    created_at as made_at,
    0 as turn,
    coalesce(draft_events -> 0 ->> '__typename' = 'ReadyForReviewEvent', is_draft) as is_draft
  from {{ ref('stg_github__pull_requests') }}
  where {{ of_job() }}
  union all
  select
    pull.repository_id,
    pull.number,
    (turned.told ->> 'createdAt')::timestamptz,
    turned.turn,
    turned.told ->> '__typename' = 'ConvertToDraftEvent'
  from {{ ref('stg_github__pull_requests') }} as pull
  cross join
    lateral jsonb_array_elements(pull.draft_events) with ordinality as turned (told, turn)
  where {{ of_job('pull.repository_id') }} and turned.told ->> 'createdAt' is not null
),

ordered as (
  select
    repository_id,
    number,
    made_at,
    turn,
    is_draft,
    lead(made_at) over (partition by repository_id, number order by turn) as changed_at
  from changes
),

-- What changes after the end changes nothing.
bounded as (
  select
    changed.repository_id,
    changed.number,
    case when changed.turn = 0 then item.created_at else changed.made_at end as started_at,
    least(
      changed.changed_at,
      coalesce(item.merged_at, item.closed_at, repository.data_as_of)
    ) as ended_at
  from ordered as changed
  inner join {{ ref('int_items') }} as item
    on changed.repository_id = item.repository_id and changed.number = item.number
  inner join {{ ref('int_repositories') }} as repository
    on changed.repository_id = repository.repository_id
  where changed.is_draft
)

select
  repository_id,
  number,
  started_at,
  ended_at
from bounded
where ended_at > started_at
