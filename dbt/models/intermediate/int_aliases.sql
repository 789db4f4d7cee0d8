{{ config(indexes=[{"columns": ["alias"], "unique": true}]) }}
-- Whose each account or address is that somebody has said is another one's, through every merge.
with recursive followed as (
  select
    alias,
    person,
    1 as step
  from {{ ref('stg_ops__identity_merges') }}
  union all
  select
    followed.alias,
    further.person,
    followed.step + 1
  from followed
  inner join {{ ref('stg_ops__identity_merges') }} as further
    on lower(followed.person) = further.alias
  -- None is made in a circle; if one were, this ends.
  where followed.step < 100
)

select distinct on (alias)
  alias,
  person
from followed
order by alias asc, step desc
