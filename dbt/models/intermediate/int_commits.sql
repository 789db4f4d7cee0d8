-- Commits of the default branch with the person who wrote them: the account where evidence links
-- the address to one, else the address.
select
  made.repository_id,
  made.sha,
  made.is_merge,
  made.author_email,
  known.login as author_login,
  coalesce(known.login, made.author_email) as person,
  made.authored_at,
  made.committed_at,
  made.lines_added_count,
  made.lines_deleted_count,
  made.files_count
from {{ ref('stg_git__commits') }} as made
left join {{ ref('stg_git__identities') }} as known
  on known.repository_id = made.repository_id and known.email = made.author_email
where {{ of_job('made.repository_id') }}
