-- Merged pull requests with whether anybody else looked at them: a review by another human before
-- the merge, or the merge itself by another human.
with reviewed as (
  select
    repository_id,
    number,
    bool_or(state = 'APPROVED') as is_approved
  from {{ ref('int_reviews') }}
  where is_by_other_human and is_before_merge
  group by repository_id, number
)

select
  item.repository_id,
  item.number,
  item.merged_at,
  coalesce(author.actor_class = 'human', false) as is_by_human,
  {{ hours_between('item.ready_at', 'item.merged_at') }} as ready_to_merge_hours,
  pull.head_sha,
  case
    when reviewed.is_approved then true
    when item.merged_by_login <> item.author_login and merger.actor_class = 'human' then true
    -- Without a token nobody is told who merged and who reviewed.
    when coverage.knows_reviews and item.merged_by_login is not null then false
  end as is_reviewed
from {{ ref('int_items') }} as item
inner join {{ ref('stg_github__pull_requests') }} as pull
  on item.repository_id = pull.repository_id and item.number = pull.number
left join {{ ref('int_coverage') }} as coverage on item.repository_id = coverage.repository_id
left join reviewed
  on item.repository_id = reviewed.repository_id and item.number = reviewed.number
left join {{ ref('int_actors') }} as author
  on item.repository_id = author.repository_id and item.author_login = author.login
left join {{ ref('int_actors') }} as merger
  on item.repository_id = merger.repository_id and item.merged_by_login = merger.login
where {{ of_job('item.repository_id') }} and item.merged_at is not null
