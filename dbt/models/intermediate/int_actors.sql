-- Everybody who did something, and what they are. A declared bot is one that GitHub calls so. What
-- somebody has said by hand goes before the list of known bots, that before the rules, and these
-- before the model, which speaks of accounts with enough activities.
with named as (
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
  union
  select
    repository_id,
    author_login
  from {{ ref('stg_github__discussions') }}
  where {{ of_job() }}
  union
  select
    repository_id,
    author_login
  from {{ ref('stg_github__discussion_comments') }}
  where {{ of_job() }}
),

seen as (
  select distinct
    named.repository_id,
    coalesce(merged.person, named.login) as login
  from named
  left join {{ ref('int_aliases') }} as merged on lower(named.login) = merged.alias
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
    said.actor_class as said_class,
    said.reason as said_reason,
    listed.reason as listed_reason,
    coalesce(typed.is_bot, false) as is_typed_bot,
    -- An app's name ends so, and so does the address that it commits with.
    seen.login ~ '\[bot\](@users\.noreply\.github\.com)?$' as is_named_bot,
    {{ is_named_like_a_machine('seen.login') }} as is_named_like_a_machine,
    scored.bot_probability as scored_probability,
    scored.model as scored_by,
    scored.evidence as scored_evidence
  from seen
  left join typed on seen.repository_id = typed.repository_id and seen.login = typed.login
  left join {{ ref('known_bots') }} as listed on lower(seen.login) = listed.login
  left join {{ ref('stg_ops__actor_overrides') }} as said on lower(seen.login) = said.login
  left join {{ source('ops', 'actor_scores') }} as scored
    on
      seen.repository_id = scored.repository_id
      and seen.login = scored.login
      and {{ of_job('scored.repository_id') }}
)

select
  repository_id,
  login,
  is_ghost,
  scored_by as bot_model,
  is_typed_bot or is_named_bot as is_declared_bot,
  case
    when is_ghost then 'ghost'
    when said_class is not null then said_class
    when listed_class is not null then listed_class
    when is_typed_bot or is_named_bot or is_named_like_a_machine then 'bot'
    when scored_probability >= 0.5 then 'bot'
    else 'human'
  end as actor_class,
  case
    when said_class is not null then 'override'
    when listed_class is not null then 'list'
    when is_typed_bot then 'api_type'
    when is_named_bot then 'suffix'
    when is_named_like_a_machine then 'name'
    when scored_probability >= 0.5 and not is_ghost then 'model'
  end as bot_source,
  -- The precision of each rule on labelled accounts, else what the model says; null where there is
  -- neither.
  case
    when said_class is not null then (said_class <> 'human')::integer::double precision
    when listed_class is not null or is_typed_bot or is_named_bot then 1.0::double precision
    when is_named_like_a_machine then 0.97::double precision
    else scored_probability
  end as bot_probability,
  to_jsonb(
    array_remove(
      array[
        'override: ' || said_class || ', ' || said_reason,
        'list: ' || listed_class || ', ' || listed_reason,
        case when is_typed_bot then 'api_type: GitHub calls it a bot' end,
        case when is_named_bot then 'suffix: it is named [bot], as apps are' end,
        case when is_named_like_a_machine then 'name: it is named like a machine' end,
        'model: ' || scored_by || ' says ' || scored_probability || ' of ' || scored_evidence
      ],
      null
    )
  ) as evidence
from judged
