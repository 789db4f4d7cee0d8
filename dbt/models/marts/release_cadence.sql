-- Releases and the gaps between them, with what landed on the default branch in between. What a
-- version says of itself is read from its tag: v1.2.0 changes less than v2.0.0.
with parsed as (
  select
    *,
    -- A prefix of letters and dashes is the name of what is released.
    regexp_match(
      tag_name,
      '^(?:[^0-9]*[^0-9.])?([0-9]+)[.]([0-9]+)(?:[.]([0-9]+))?((?:[-+_a-zA-Z]|[.][a-zA-Z]).*)?$'
    ) as parts
  from {{ ref('int_releases') }}
),

-- Commits between the releases that they landed between: one sort instead of each release against
-- each commit. What landed at the instant of a release is in it.
timeline as (
  select
    repository_id,
    released_at as made_at,
    tag_name,
    1 as releases_count,
    null as person,
    false as is_human
  from {{ ref('int_releases') }}
  union all
  select
    made.repository_id,
    made.committed_at,
    null,
    0,
    made.person,
    coalesce(actor.actor_class = 'human', false)
  from {{ ref('int_commits') }} as made
  left join {{ ref('int_actors') }} as actor
    on made.repository_id = actor.repository_id and made.person = actor.login
  where not made.is_merge and made.committed_at is not null
),

placed as (
  select
    *,
    sum(releases_count) over (
      partition by repository_id
      order by made_at asc, releases_count asc, tag_name asc rows unbounded preceding
    ) - releases_count as releases_before_count
  from timeline
),

counted as (
  select
    repository_id,
    max(tag_name) as tag_name,
    count(*) filter (where releases_count = 0) as commits_count,
    count(distinct person) filter (where is_human) as contributors_human_count
  from placed
  group by repository_id, releases_before_count
)

select
  parsed.repository_id,
  parsed.tag_name,
  parsed.name,
  parsed.source,
  parsed.is_prerelease,
  case
    when parsed.parts is null then null
    when parsed.is_prerelease or parsed.parts[4] ~* '^(-|[._]?(a|b|rc|pre|dev))' then 'prerelease'
    when coalesce(parsed.parts[3]::numeric, 0) > 0 then 'patch'
    when parsed.parts[2]::numeric > 0 then 'minor'
    else 'major'
  end as semver_level,
  parsed.released_at,
  parsed.previous_released_at,
  {{ hours_between('parsed.previous_released_at', 'parsed.released_at') }} / 24 as gap_days,
  {{ known_counts("coverage.knows_commits", "counted", [
    "commits_count", "contributors_human_count",
  ]) }},
  parsed.downloads_count::bigint as downloads_count
from parsed
left join counted
  on parsed.repository_id = counted.repository_id and parsed.tag_name = counted.tag_name
left join {{ ref('int_coverage') }} as coverage on parsed.repository_id = coverage.repository_id
