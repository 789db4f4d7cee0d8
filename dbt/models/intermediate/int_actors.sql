-- Everybody who did something, and what they are. A declared bot is one that GitHub calls so; others
-- are known by name, each with a reason.
with seen as (
  select repository_id, author_login as login from {{ ref('int_items') }}
  union
  select repository_id, merged_by_login from {{ ref('int_items') }} where merged_by_login is not null
  union
  select repository_id, author_login from {{ ref('int_remarks') }}
  union
  select repository_id, person from {{ ref('int_commits') }}
  union
  select repository_id, actor_login from {{ ref('stg_github__issue_events') }} where {{ of_job() }}
),

typed as (
  select repository_id, login, bool_or(actor_type = 'Bot') as is_bot
  from (
    select repository_id, login, actor_type from {{ ref('stg_github__users') }}
    where {{ of_job() }}
    union all
    select repository_id, login, actor_type from {{ ref('stg_git__identities') }}
    where {{ of_job() }} and login is not null
  ) as accounts
  group by repository_id, login
)

select
  seen.repository_id,
  seen.login,
  coalesce(typed.is_bot, false) or seen.login like '%[bot]' as is_declared_bot,
  seen.login = 'ghost' as is_ghost,
  case
    when seen.login = 'ghost' then 'ghost'
    when listed.actor_class is not null then listed.actor_class
    when typed.is_bot or seen.login like '%[bot]' then 'bot'
    else 'human'
  end as actor_class,
  case
    when listed.actor_class is not null then 'list'
    when typed.is_bot then 'api_type'
    when seen.login like '%[bot]' then 'suffix'
  end as bot_source
from seen
left join typed on typed.repository_id = seen.repository_id and typed.login = seen.login
left join {{ ref('known_bots') }} as listed on listed.login = lower(seen.login)
