-- Everybody who did something, and what they are. A declared bot is one that GitHub calls so;
-- others are known by name, each with a reason.
with seen as (
  select
    repository_id,
    author_login as login
  from {{ ref('int_items') }}
  union
  select
    repository_id,
    merged_by_login
  from {{ ref('int_items') }}
  where merged_by_login is not null
  union
  select
    repository_id,
    author_login
  from {{ ref('int_remarks') }}
  union
  select
    repository_id,
    person
  from {{ ref('int_commits') }}
  union
  select
    repository_id,
    actor_login
  from {{ ref('stg_github__issue_events') }}
  where {{ of_job() }}
),

accounts as (
  select
    repository_id,
    login,
    actor_type
  from {{ ref('stg_github__users') }}
  where {{ of_job() }}
  union all
  select
    repository_id,
    login,
    actor_type
  from {{ ref('stg_git__identities') }}
  where {{ of_job() }} and login is not null
),

typed as (
  select
    repository_id,
    login,
    bool_or(actor_type = 'Bot') as is_bot
  from accounts
  group by repository_id, login
),

judged as (
  select
    seen.repository_id,
    seen.login,
    listed.actor_class as listed_class,
    seen.login = 'ghost' as is_ghost,
    coalesce(typed.is_bot, false) as is_typed_bot,
    -- An app's name ends so, and so does the address that it commits with.
    seen.login ~ '\[bot\](@users\.noreply\.github\.com)?$' as is_named_bot
  from seen
  left join typed on seen.repository_id = typed.repository_id and seen.login = typed.login
  left join {{ ref('known_bots') }} as listed on lower(seen.login) = listed.login
)

select
  repository_id,
  login,
  is_ghost,
  is_typed_bot or is_named_bot as is_declared_bot,
  case
    when is_ghost then 'ghost'
    when listed_class is not null then listed_class
    when is_typed_bot or is_named_bot then 'bot'
    else 'human'
  end as actor_class,
  case
    when listed_class is not null then 'list'
    when is_typed_bot then 'api_type'
    when is_named_bot then 'suffix'
  end as bot_source
from judged
