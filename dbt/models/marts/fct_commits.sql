-- Commits one by one, of whom the figures of persons and of days are sums.
select
  made.repository_id,
  made.sha,
  made.person,
  actor.actor_class as author_class,
  made.is_merge,
  made.is_ai_coauthored,
  made.authored_at,
  made.committed_at,
  made.author_tz_offset_minutes,
  made.files_count,
  made.lines_added_count,
  made.lines_deleted_count,
  made.lines_added_handwritten_count,
  made.lines_deleted_handwritten_count
from {{ ref('int_commits') }} as made
left join {{ ref('int_actors') }} as actor
  on made.repository_id = actor.repository_id and made.person = actor.login
