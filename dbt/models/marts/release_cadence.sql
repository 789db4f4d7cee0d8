-- Published releases; where there are none, annotated or plain tags that look like versions.
with published as (
  select
    repository_id, tag_name, name, published_at as released_at, is_prerelease, 'release' as source
  from {{ ref('stg_github__releases') }}
  where {{ of_job() }} and not is_draft and published_at is not null
),

tagged as (
  select
    repository_id, name as tag_name, name, tagged_at as released_at,
    name ~* '(alpha|beta|rc)' as is_prerelease, 'tag' as source
  from {{ ref('stg_git__tags') }}
  where {{ of_job() }} and name ~ '[0-9]' and tagged_at is not null
    and repository_id not in (select repository_id from published)
),

ordered as (
  select
    *,
    lag(released_at) over (partition by repository_id order by released_at, tag_name)
      as previous_released_at
  from (select * from published union all select * from tagged) as every_one
),

counted as (
  select ordered.repository_id, ordered.tag_name, count(made.sha) as commits_count
  from ordered
  left join {{ ref('int_commits') }} as made
    on made.repository_id = ordered.repository_id and not made.is_merge
    and made.committed_at <= ordered.released_at
    and made.committed_at > coalesce(ordered.previous_released_at, '-infinity')
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
left join counted using (repository_id, tag_name)
left join {{ ref('int_coverage') }} as coverage using (repository_id)
