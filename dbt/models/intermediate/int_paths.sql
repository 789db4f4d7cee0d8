-- Every path that commits and pull requests changed, once: its name is judged once, too.
with rule as (
  select string_agg('(' || pattern || ')', '|' order by pattern) as pattern
  from {{ ref('unwritten_files') }}
),

paths as (
  select
    repository_id,
    path
  from {{ ref('stg_git__commit_files') }}
  where {{ of_job() }}
  union
  select
    repository_id,
    path
  from {{ ref('stg_github__pull_request_files') }}
  where {{ of_job() }}
)

select
  paths.repository_id,
  paths.path,
  paths.path !~* rule.pattern as is_handwritten
from paths
cross join rule
