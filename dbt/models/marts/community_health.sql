-- What GitHub's community profile says, else what the commits tell. A profile counts what an
-- account gives to all its repositories too, so it knows of files that git does not have.
with profiles as (
  select
    *,
    false as is_newest
  from {{ ref('stg_github__community_profile_history') }}
  where {{ of_job() }}
  union all
  select
    *,
    true
  from {{ ref('stg_github__community_profile') }}
  where {{ of_job() }}
),

-- The last version of each day on which one was first seen, and the newest one at the end.
seen as (
  select distinct on (profile.repository_id, {{ day_of('profile.seen_at') }})
    profile.*,
    {{ day_of('profile.seen_at') }} as day
  from profiles as profile
  inner join {{ ref('int_repositories') }} as repository
    on profile.repository_id = repository.repository_id
  where {{ day_of('profile.seen_at') }} < {{ day_of('repository.data_as_of') }}
  order by
    profile.repository_id asc, {{ day_of('profile.seen_at') }} asc, profile.is_newest desc,
    profile.seen_at desc
),

git as (
  select
    repository_id,
    jsonb_object_agg(kind, is_there) as files
  from {{ ref('int_community_files') }}
  group by repository_id
),

scored as (
  select
    repository_id,
    (sum(weight * score) / sum(weight) filter (where score is not null))::double precision
      as openssf_lite_score,
    (coalesce(sum(weight) filter (where score is not null), 0) / sum(weight))::double precision
      as openssf_lite_known_ratio
  from {{ ref('openssf_lite') }}
  group by repository_id
),

days as (
  select
    repository_id,
    day,
    profile_ratio,
    license_spdx,
    has_readme,
    has_license,
    has_contributing,
    has_code_of_conduct,
    has_issue_template,
    has_pull_request_template,
    null::jsonb as files_in_git,
    null::double precision as openssf_lite_score,
    null::double precision as openssf_lite_known_ratio
  from seen
  union all
  select
    repository.repository_id,
    {{ day_of('repository.data_as_of') }},
    profile.profile_ratio,
    profile.license_spdx,
    profile.has_readme,
    profile.has_license,
    profile.has_contributing,
    profile.has_code_of_conduct,
    profile.has_issue_template,
    profile.has_pull_request_template,
    git.files,
    scored.openssf_lite_score,
    scored.openssf_lite_known_ratio
  from {{ ref('int_repositories') }} as repository
  left join profiles as profile
    on repository.repository_id = profile.repository_id and profile.is_newest
  left join git on repository.repository_id = git.repository_id
  left join scored on repository.repository_id = scored.repository_id
)

select
  repository_id,
  day,
  profile_ratio,
  license_spdx,
  files_in_git,
  openssf_lite_score,
  openssf_lite_known_ratio,
  {%- for kind in ["readme", "license", "contributing", "code_of_conduct", "issue_template",
                   "pull_request_template"] %}
  coalesce(has_{{ kind }}, (files_in_git ->> '{{ kind }}')::boolean) as has_{{ kind }},
  {%- endfor %}
  (files_in_git ->> 'security_policy')::boolean as has_security_policy,
  (files_in_git ->> 'codeowners')::boolean as has_codeowners,
  (files_in_git ->> 'dependency_updates')::boolean as has_dependency_updates
from days
