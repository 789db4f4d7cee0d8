-- Everything that somebody wrote about an issue or a pull request. What was written about one that
-- is gone is gone with it.
with remarks as (
  select
    repository_id,
    number,
    'issue_comment' as kind,
    author_login,
    created_at as made_at,
    text_digest
  from {{ ref('stg_github__issue_comments') }}
  where {{ of_job() }}
  union all
  select
    repository_id,
    number,
    'review',
    author_login,
    submitted_at,
    text_digest
  from {{ ref('stg_github__reviews') }}
  where {{ of_job() }} and submitted_at is not null
  union all
  select
    repository_id,
    number,
    'review_comment',
    author_login,
    created_at,
    text_digest
  from {{ ref('stg_github__review_comments') }}
  where {{ of_job() }}
)

select
  remark.repository_id,
  remark.number,
  remark.kind,
  remark.made_at,
  remark.text_digest,
  coalesce(merged.person, remark.author_login) as author_login
from remarks as remark
inner join {{ ref('int_items') }} as item
  on remark.repository_id = item.repository_id and remark.number = item.number
left join {{ ref('int_aliases') }} as merged on lower(remark.author_login) = merged.alias
