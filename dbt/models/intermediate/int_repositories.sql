-- The repositories of this job and the instant that their figures describe.
select
  followed.repository_id,
  followed.full_name,
  followed.is_synthetic,
  followed.default_branch,
  held.created_at,
  held.language,
  held.is_archived,
  {% if var("as_of") -%}
  '{{ var("as_of") }}'::timestamptz
  {%- else -%}
  coalesce(followed.checked_at, followed.added_at)
  {%- endif %} as data_as_of
from {{ source('ops', 'repositories') }} as followed
left join {{ ref('stg_github__repositories') }} as held using (repository_id)
where {{ of_job('followed.repository_id') }}
