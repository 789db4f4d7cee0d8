-- The repositories of this job and the instant that their figures describe.
select
  followed.repository_id,
  followed.full_name,
  followed.is_synthetic,
  followed.default_branch,
  held.created_at,
  held.language,
  held.is_archived,
  coalesce({{ as_of_job() }}, followed.checked_at, followed.added_at) as data_as_of
from {{ source('ops', 'repositories') }} as followed
left join {{ ref('stg_github__repositories') }} as held
  on followed.repository_id = held.repository_id
where {{ of_job('followed.repository_id') }}
