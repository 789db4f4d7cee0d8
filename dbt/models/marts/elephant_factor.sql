-- The elephant factor of CHAOSS: the fewest organisations whose people made half of the commits of
-- humans in a year. Whom somebody worked for is told by their account, else by the address of the
-- commit, else by its domain, as it was on the day of the commit.
with made as (
  select
    made.repository_id,
    made.sha,
    lower(made.person) as person,
    made.author_email,
    substring(made.author_email from '@[^@]*$') as at_domain,
    {{ day_of('made.committed_at') }} as day
  from {{ ref('int_commits') }} as made
  inner join {{ ref('int_repositories') }} as repository
    on
      made.repository_id = repository.repository_id
      and made.committed_at >= repository.data_as_of - interval '365 days'
  inner join {{ ref('int_actors') }} as actor
    on
      made.repository_id = actor.repository_id
      and made.person = actor.login
      and actor.actor_class = 'human'
  inner join {{ ref('int_coverage') }} as coverage
    on made.repository_id = coverage.repository_id and coverage.knows_commits
  where not made.is_merge
),

-- What was said of an account before it was merged holds for the person.
told as (
  select
    told.subject,
    told.organisation,
    coalesce(lower(merged.person), told.subject) as person,
    coalesce(told.from_day, '-infinity') as from_day,
    coalesce(told.to_day, 'infinity') as to_day
  from {{ ref('stg_ops__affiliations') }} as told
  left join {{ ref('int_aliases') }} as merged on told.subject = merged.alias
),

claims as (
  {% for place, commit, affiliation in [
    (1, "person", "person"), (2, "author_email", "subject"), (3, "at_domain", "subject"),
  ] -%}
  select
    made.repository_id,
    made.sha,
    {{ place }} as place,
    told.organisation
  from made
  inner join told
    on
      made.{{ commit }} = told.{{ affiliation }}
      and made.day between told.from_day and told.to_day
  {% if not loop.last -%}
  union all
  {% endif -%}
  {% endfor %}
),

known as (
  select distinct on (repository_id, sha)
    repository_id,
    sha,
    organisation
  from claims
  order by repository_id asc, sha asc, place asc, organisation asc
),

organisations as (
  select
    repository_id,
    organisation,
    count(*) as commits_count
  from known
  group by repository_id, organisation
),

ranked as (
  select
    repository_id,
    organisation,
    commits_count,
    sum(commits_count) over everybody as total,
    sum(commits_count) over ranking as so_far,
    row_number() over ranking as place
  from organisations
  window
    everybody as (partition by repository_id),
    ranking as (
      partition by repository_id
      order by commits_count desc, organisation asc rows unbounded preceding
    )
),

factors as (
  select
    repository_id,
    min(place) filter (where so_far * 2 >= total)::integer as elephant_factor_count,
    count(*) as organisations_count,
    sum(commits_count)::bigint as commits_affiliated_count,
    jsonb_agg(
      jsonb_build_object('organisation', organisation, 'commits_count', commits_count)
      order by place
    ) filter (where place <= 10) as top_organisations
  from ranked
  group by repository_id
),

everything as (
  select
    repository_id,
    count(*) as commits_count
  from made
  group by repository_id
)

select
  everything.repository_id,
  factors.organisations_count,
  everything.commits_count,
  factors.top_organisations,
  -- What less than half of the commits tell is not what they all would.
  case
    when factors.commits_affiliated_count * 2 >= everything.commits_count
      then factors.elephant_factor_count
  end as elephant_factor_count,
  coalesce(factors.commits_affiliated_count, 0) as commits_affiliated_count,
  (everything.commits_count - coalesce(factors.commits_affiliated_count, 0))::double precision
  / everything.commits_count as unknown_ratio
from everything
left join factors on everything.repository_id = factors.repository_id
