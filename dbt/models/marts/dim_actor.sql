-- Everybody who did something in a repository, what they are, and what speaks for it.
with wrote as (
  select
    repository_id,
    person,
    count(*) as commits_count,
    count(*) filter (where is_ai_coauthored) as commits_ai_coauthored_count
  from {{ ref('int_commits') }}
  where not is_merge
  group by repository_id, person
)

select
  actor.repository_id,
  actor.login,
  actor.actor_class,
  actor.bot_probability,
  actor.bot_source,
  actor.bot_model,
  (actor.bot_source is distinct from 'model') or actor.bot_probability >= 0.9 as is_class_sure,
  actor.evidence,
  actor.is_declared_bot,
  {{ known_counts("coverage.knows_commits", "wrote", [
    "commits_count", "commits_ai_coauthored_count",
  ]) }}
from {{ ref('int_actors') }} as actor
left join {{ ref('int_coverage') }} as coverage on actor.repository_id = coverage.repository_id
left join wrote on actor.repository_id = wrote.repository_id and actor.login = wrote.person
