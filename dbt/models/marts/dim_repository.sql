-- Every name that a repository has had, beside what it is now: what refers to an old one finds it.
select
  repository.repository_id,
  named.full_name,
  named.valid_from,
  named.valid_to,
  held.github_id,
  repository.created_at,
  repository.language,
  repository.default_branch,
  repository.is_archived,
  repository.is_synthetic,
  repository.data_as_of,
  named.valid_to is null as is_current
from {{ ref('int_repositories') }} as repository
inner join {{ ref('stg_ops__repository_names') }} as named
  on repository.repository_id = named.repository_id
left join {{ ref('stg_github__repositories') }} as held
  on repository.repository_id = held.repository_id
where {{ of_job('named.repository_id') }}
