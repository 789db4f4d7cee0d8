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
union all
select
  discussion.repository_id,
  coalesce(merged.person, discussion.author_login),
  'discussion',
  discussion.created_at
from {{ ref('stg_github__discussions') }} as discussion
left join {{ ref('int_aliases') }} as merged on lower(discussion.author_login) = merged.alias
where {{ of_job('discussion.repository_id') }}
union all
-- What was written about a discussion that is gone is gone with it.
select
  remark.repository_id,
  coalesce(merged.person, remark.author_login),
  'discussion_comment',
  remark.created_at
from {{ ref('stg_github__discussion_comments') }} as remark
inner join {{ ref('stg_github__discussions') }} as discussion
  on
    remark.repository_id = discussion.repository_id
    and remark.number = discussion.number
left join {{ ref('int_aliases') }} as merged on lower(remark.author_login) = merged.alias
where {{ of_job('remark.repository_id') }}
