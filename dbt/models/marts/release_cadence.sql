-- Published releases; where there are none, annotated or plain tags that look like versions.
with published as (
  select
    repository_id,
    tag_name,
    name,
    published_at as released_at,
    is_prerelease,
    'release' as source
  from {{ ref('stg_github__releases') }}
  where {{ of_job() }} and not is_draft and published_at is not null
),

tagged as (
  select
    tag.repository_id,
    tag.name as tag_name,
    tag.name,
    {{ possible('tag.tagged_at', 'repository.data_as_of') }} as released_at,
    tag.name ~* '[0-9][-._]?(alpha|beta|rc|pre|dev)' as is_prerelease,
    'tag' as source
  from {{ ref('stg_git__tags') }} as tag
  inner join {{ ref('int_repositories') }} as repository
    on tag.repository_id = repository.repository_id
  where
    tag.name ~ '[0-9]'
    and tag.repository_id not in (select published.repository_id from published)
),

every_one as (
  select * from published
  union all
  select * from tagged
  where released_at is not null
),

ordered as (
  select
    *,
    lag(released_at) over (partition by repository_id order by released_at, tag_name)
      as previous_released_at
  from every_one
),

counted as (
  select
    ordered.repository_id,
    ordered.tag_name,
    count(made.sha) as commits_count
  from ordered
  left join {{ ref('int_commits') }} as made
    on
      ordered.repository_id = made.repository_id
      and not made.is_merge
      and ordered.released_at >= made.committed_at
      and coalesce(ordered.previous_released_at, '-infinity') < made.committed_at
  group by ordered.repository_id, ordered.tag_name
)

select
  ordered.repository_id,
  ordered.tag_name,
  ordered.name,
  ordered.source,
  ordered.is_prerelease,
  ordered.released_at,
  ordered.previous_released_at,
  {{ hours_between('ordered.previous_released_at', 'ordered.released_at') }} / 24 as gap_days,
  {{ if_known('coverage.knows_commits', 'counted.commits_count') }} as commits_count
from ordered
left join counted
  on ordered.repository_id = counted.repository_id and ordered.tag_name = counted.tag_name
left join {{ ref('int_coverage') }} as coverage on ordered.repository_id = coverage.repository_id
