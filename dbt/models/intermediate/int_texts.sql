-- What humans wrote in issues, pull requests, reviews and comments, with the tone of it. A text
-- that cannot be read has none.
with written as (
  select
    repository_id,
    number,
    case when is_pull_request then 'pull_request' else 'issue' end as kind,
    created_at as made_at,
    author_login,
    text_digest
  from {{ ref('int_items') }}
  union all
  select
    repository_id,
    number,
    kind,
    made_at,
    author_login,
    text_digest
  from {{ ref('int_remarks') }}
)

select
  written.repository_id,
  written.number,
  written.kind,
  written.made_at,
  written.author_login,
  tone.label,
  tone.negative_ratio::numeric,
  tone.positive_ratio::numeric
from written
inner join {{ ref('int_actors') }} as actor
  on
    written.repository_id = actor.repository_id
    and written.author_login = actor.login
    and actor.actor_class = 'human'
left join {{ source('insights', 'text_tone') }} as tone
  on
    written.repository_id = tone.repository_id
    and written.text_digest = tone.text_digest
    and {{ of_job('tone.repository_id') }}
where written.text_digest is not null
