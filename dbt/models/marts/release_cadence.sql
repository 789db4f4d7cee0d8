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

counted as (
  select
    release.repository_id,
    release.tag_name,
    count(made.sha) as commits_count,
    count(distinct made.person) filter (where actor.actor_class = 'human')
      as contributors_human_count
  from {{ ref('int_releases') }} as release
  left join {{ ref('int_commits') }} as made
    on
      release.repository_id = made.repository_id
      and not made.is_merge
      and release.released_at >= made.committed_at
      and coalesce(release.previous_released_at, '-infinity') < made.committed_at
  left join {{ ref('int_actors') }} as actor
    on made.repository_id = actor.repository_id and made.person = actor.login
  group by release.repository_id, release.tag_name
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
