-- Published releases; where there are none, annotated or plain tags that look like versions.
with published as (
  -- Two releases of one tag are one.
  select distinct on (release.repository_id, release.tag_name)
    release.repository_id,
    release.tag_name,
    release.name,
    tag.commit_sha,
    release.published_at as released_at,
    release.is_prerelease,
    release.downloads_count,
    'release' as source
  from {{ ref('stg_github__releases') }} as release
  left join {{ ref('stg_git__tags') }} as tag
    on release.repository_id = tag.repository_id and release.tag_name = tag.name
  where
    {{ of_job('release.repository_id') }}
    and not release.is_draft
    and release.published_at is not null
  order by
    release.repository_id asc,
    release.tag_name asc,
    release.published_at desc,
    release.name asc
),

tagged as (
  select
    tag.repository_id,
    tag.name as tag_name,
    tag.name,
    tag.commit_sha,
    {{ possible('tag.tagged_at', 'repository.data_as_of') }} as released_at,
    tag.name ~* '[0-9][-._]?(alpha|beta|rc|pre|dev)' as is_prerelease,
    null::numeric as downloads_count,
    'tag' as source
  from {{ ref('stg_git__tags') }} as tag
  inner join {{ ref('int_repositories') }} as repository
    on tag.repository_id = repository.repository_id
  where
    {{ of_job('tag.repository_id') }}
    and tag.name ~ '[0-9]'
    and tag.repository_id not in (select published.repository_id from published)
),

every_one as (
  select * from published
  union all
  select * from tagged
  where released_at is not null
)

select
  *,
  lag(released_at) over (partition by repository_id order by released_at, tag_name)
    as previous_released_at
from every_one
