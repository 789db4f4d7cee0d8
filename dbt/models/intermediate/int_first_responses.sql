-- Who answered an issue or a pull request first, by three rules:
--   declared   a remark by somebody who is neither the author, nor a declared bot, nor a ghost
--   comment    a remark by another human, at or after the time that it was ready
--   response   the same, or closed or merged by another human: a silent merge is an answer
with candidates as (
  select
    repository_id,
    number,
    author_login as login,
    made_at,
    true as is_remark
  from {{ ref('int_remarks') }}
  union all
  select
    event.repository_id,
    event.number,
    coalesce(merged.person, event.actor_login),
    event.created_at,
    false
  from {{ ref('stg_github__issue_events') }} as event
  left join {{ ref('int_aliases') }} as merged on lower(event.actor_login) = merged.alias
  where {{ of_job('event.repository_id') }} and event.event in ('closed', 'merged')
  union all
  select
    repository_id,
    number,
    merged_by_login,
    merged_at,
    false
  from {{ ref('int_items') }}
  where merged_by_login is not null and merged_at is not null
),

judged as (
  select
    candidate.repository_id,
    candidate.number,
    candidate.login,
    candidate.made_at,
    candidate.is_remark,
    not actor.is_declared_bot and not actor.is_ghost as is_declared_human,
    actor.actor_class = 'human' and candidate.made_at >= item.ready_at as is_response
  from candidates as candidate
  inner join {{ ref('int_items') }} as item
    on
      candidate.repository_id = item.repository_id
      and candidate.number = item.number
      and candidate.login <> item.author_login
  inner join {{ ref('int_actors') }} as actor
    on candidate.repository_id = actor.repository_id and candidate.login = actor.login
)

select
  repository_id,
  number,
  min(made_at) filter (where is_remark and is_declared_human) as declared_at,
  min(made_at) filter (where is_remark and is_response) as comment_at,
  min(made_at) filter (where is_response) as response_at,
  (array_agg(login order by made_at, login) filter (where is_response))[1] as responder_login
from judged
group by repository_id, number
