-- Commits of the default branch with the person who wrote them: whom somebody has said that it is,
-- else the account where evidence links the address to one, else whoever wrote under the address
-- that `.mailmap` has instead, asked for in the same order, else its own address. Clocks are wrong
-- at times: a date that cannot be is none.
with written as (
  select
    made.*,
    coalesce(known.login, proper.login) as author_login,
    coalesce(
      meant.login,
      said.person,
      known.login,
      meant_of_proper.login,
      said_of_proper.person,
      proper.login,
      mapped.proper_email,
      made.author_email
    ) as person
  from {{ ref('stg_git__commits') }} as made
  left join {{ ref('stg_git__identities') }} as known
    on made.repository_id = known.repository_id and made.author_email = known.email
  left join {{ ref('stg_git__mailmap') }} as mapped
    on made.repository_id = mapped.repository_id and made.author_email = mapped.email
  left join {{ ref('stg_git__identities') }} as proper
    on mapped.repository_id = proper.repository_id and mapped.proper_email = proper.email
  left join {{ ref('int_aliases') }} as said on made.author_email = said.alias
  -- An address that it was merged into may have come to be an account's.
  left join {{ ref('stg_git__identities') }} as meant
    on made.repository_id = meant.repository_id and said.person = meant.email
  left join {{ ref('int_aliases') }} as said_of_proper
    on mapped.proper_email = said_of_proper.alias
  left join {{ ref('stg_git__identities') }} as meant_of_proper
    on
      mapped.repository_id = meant_of_proper.repository_id
      and said_of_proper.person = meant_of_proper.email
  where {{ of_job('made.repository_id') }}
)

select
  made.repository_id,
  made.sha,
  made.is_merge,
  made.is_ai_coauthored,
  made.author_email,
  made.author_login,
  coalesce(merged.person, made.person) as person,
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
from written as made
inner join {{ ref('int_repositories') }} as repository
  on made.repository_id = repository.repository_id
left join {{ ref('int_aliases') }} as merged on lower(made.person) = merged.alias
left join {{ ref('int_commit_lines') }} as by_hand
  on made.repository_id = by_hand.repository_id and made.sha = by_hand.sha
