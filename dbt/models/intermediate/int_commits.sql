-- Commits of the default branch with the person who wrote them: the account where evidence links
-- the address to one, else the address. Clocks are wrong at times: a date that cannot be is none.
select
  made.repository_id,
  made.sha,
  made.is_merge,
  made.is_ai_coauthored,
  made.author_email,
  known.login as author_login,
  coalesce(known.login, made.author_email) as person,
  {{ possible('made.authored_at', 'repository.data_as_of') }} as authored_at,
  {{ possible('made.committed_at', 'repository.data_as_of') }} as committed_at,
  made.author_tz_offset_minutes,
  made.lines_added_count,
  made.lines_deleted_count,
  made.files_count,
  -- GitHub tells how many files there are, and not which: git alone tells what they are.
  {{ known_counts("made.files_count = coalesce(by_hand.files_count, 0)", "by_hand", [
    "lines_added_handwritten_count", "lines_deleted_handwritten_count",
  ]) }}
from {{ ref('stg_git__commits') }} as made
inner join {{ ref('int_repositories') }} as repository
  on made.repository_id = repository.repository_id
left join {{ ref('stg_git__identities') }} as known
  on made.repository_id = known.repository_id and made.author_email = known.email
left join {{ ref('int_commit_lines') }} as by_hand
  on made.repository_id = by_hand.repository_id and made.sha = by_hand.sha
where {{ of_job('made.repository_id') }}
