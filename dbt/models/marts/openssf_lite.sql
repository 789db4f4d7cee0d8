-- Checks of the OpenSSF Scorecard, scored 0 to 10 by its rules as far as what is held can tell.
-- Weights are those of its risk levels: high 7.5, medium 5, low 2.5.
with commits as (
  select
    made.repository_id,
    count(*) as commits_count
  from {{ ref('int_commits') }} as made
  inner join {{ ref('int_repositories') }} as repository
    on made.repository_id = repository.repository_id
  where made.committed_at > repository.data_as_of - interval '90 days'
  group by made.repository_id
),

latest_merges as (
  select
    repository_id,
    is_reviewed,
    row_number() over (
      partition by repository_id
      order by merged_at desc, number desc
    ) as place
  from {{ ref('int_merges') }}
  where is_by_human and is_reviewed is not null
),

reviews as (
  select
    repository_id,
    count(*) as merges_count,
    count(*) filter (where is_reviewed) as reviewed_count
  from latest_merges
  where place <= 30
  group by repository_id
),

runs as (
  select
    repository_id,
    head_sha,
    min(created_at) as created_at,
    bool_or(has_succeeded) as has_succeeded
  from {{ ref('int_workflow_runs') }}
  group by repository_id, head_sha
),

first_runs as (
  select
    repository_id,
    min(created_at) as created_at
  from runs
  group by repository_id
),

-- Of a merge before the first run that is held nobody knows what ran for it.
latest_heads as (
  select
    made.repository_id,
    made.head_sha,
    row_number() over (
      partition by made.repository_id
      order by made.merged_at desc, made.number desc
    ) as place
  from {{ ref('int_merges') }} as made
  inner join first_runs
    on made.repository_id = first_runs.repository_id and made.merged_at >= first_runs.created_at
  where made.head_sha is not null
),

tests as (
  select
    latest_heads.repository_id,
    count(*) as merges_count,
    count(*) filter (where runs.has_succeeded) as tested_count
  from latest_heads
  left join runs
    on latest_heads.repository_id = runs.repository_id and latest_heads.head_sha = runs.head_sha
  where latest_heads.place <= 30
  group by latest_heads.repository_id
),

files as (
  select
    repository_id,
    bool_or(is_there) filter (where kind = 'license') as has_license,
    bool_or(is_there) filter (where kind = 'security_policy') as has_security_policy,
    bool_or(is_there) filter (where kind = 'dependency_updates') as has_dependency_updates
  from {{ ref('int_community_files') }}
  group by repository_id
),

facts as (
  select
    repository.repository_id,
    repository.is_archived,
    repository.created_at > repository.data_as_of - interval '90 days' as is_young,
    {{ if_known('coverage.knows_commits', 'commits.commits_count') }} as commits_count,
    reviews.merges_count,
    reviews.reviewed_count,
    case when coverage.knows_workflow_runs then tests.merges_count end as heads_count,
    tests.tested_count,
    files.has_security_policy,
    files.has_dependency_updates,
    profile.license_spdx,
    coalesce(profile.has_license, files.has_license) as has_license
  from {{ ref('int_repositories') }} as repository
  left join {{ ref('int_coverage') }} as coverage
    on repository.repository_id = coverage.repository_id
  left join commits on repository.repository_id = commits.repository_id
  left join reviews on repository.repository_id = reviews.repository_id
  left join tests on repository.repository_id = tests.repository_id
  left join files on repository.repository_id = files.repository_id
  left join {{ ref('stg_github__community_profile') }} as profile
    on
      repository.repository_id = profile.repository_id
      and {{ of_job('profile.repository_id') }}
)

select
  facts.repository_id,
  judged.check_name,
  judged.weight::double precision as weight,
  judged.points::integer as score,
  judged.evidence
from facts
cross join
  lateral (
    values
    (
      'Maintained', 7.5,
      case
        when facts.is_archived or facts.is_young then 0
        when facts.commits_count is not null then least(10, facts.commits_count * 10 / 12)
      end,
      jsonb_build_object(
        'commits_count', facts.commits_count,
        'is_archived', facts.is_archived,
        'is_young', facts.is_young
      )
    ),
    (
      'Code-Review', 7.5,
      facts.reviewed_count * 10 / facts.merges_count,
      jsonb_build_object(
        'merges_count', facts.merges_count, 'reviewed_count', facts.reviewed_count
      )
    ),
    (
      'Dependency-Update-Tool', 7.5,
      facts.has_dependency_updates::integer * 10,
      jsonb_build_object('has_dependency_updates', facts.has_dependency_updates)
    ),
    (
      'CI-Tests', 2.5,
      facts.tested_count * 10 / facts.heads_count,
      jsonb_build_object('merges_count', facts.heads_count, 'tested_count', facts.tested_count)
    ),
    (
      'Security-Policy', 5,
      facts.has_security_policy::integer * 10,
      jsonb_build_object('has_security_policy', facts.has_security_policy)
    ),
    (
      'License', 2.5,
      facts.has_license::integer * case when facts.license_spdx is null then 9 else 10 end,
      jsonb_build_object('has_license', facts.has_license, 'license_spdx', facts.license_spdx)
    ),
    (
      'Token-Permissions', 7.5, null,
      jsonb_build_object('unknown', 'what a workflow leaves to the settings of its repository')
    ),
    (
      'Binary-Artifacts', 7.5, null,
      jsonb_build_object('unknown', 'files that are neither code nor configuration are not read')
    ),
    (
      'Pinned-Dependencies', 5, null,
      jsonb_build_object('unknown', 'images and downloads of scripts are not read')
    )
  ) as judged (check_name, weight, points, evidence)
