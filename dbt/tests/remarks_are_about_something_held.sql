-- Comments and reviews that are held although their issue or pull request is not: it is gone, or
-- younger than the list that was read. No figure counts them.
{{ config(severity="warn") }}

with remarks as (
  select
    repository_id,
    number,
    comment_id as remark_id
  from {{ ref('stg_github__issue_comments') }}
  where {{ of_job() }}
  union all
  select
    repository_id,
    number,
    review_id
  from {{ ref('stg_github__reviews') }}
  where {{ of_job() }}
  union all
  select
    repository_id,
    number,
    comment_id
  from {{ ref('stg_github__review_comments') }}
  where {{ of_job() }}
)

select remark.*
from remarks as remark
left join {{ ref('int_items') }} as item
  on remark.repository_id = item.repository_id and remark.number = item.number
where item.number is null
