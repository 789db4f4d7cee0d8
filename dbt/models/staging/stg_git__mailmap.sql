select
  repository_id,
  email,
  proper_email
from {{ source('raw', 'git_mailmap') }}
where replaced_at is null
