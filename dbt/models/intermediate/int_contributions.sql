-- One row per thing that a person did, at the time that it landed.
select
  repository_id,
  person,
  'commit' as kind,
  committed_at as made_at
from {{ ref('int_commits') }}
where not is_merge
union all
select
  repository_id,
  author_login,
  case when is_pull_request then 'pull_request' else 'issue' end,
  created_at
from {{ ref('int_items') }}
where not is_pull_request or has_pull_request
union all
select
  repository_id,
  author_login,
  kind,
  made_at
from {{ ref('int_remarks') }}
