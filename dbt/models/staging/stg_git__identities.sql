select
  repository_id,
  email,
  login,
  actor_type,
  evidence
from {{ source('raw', 'git_identities') }}
