-- Pull requests that commits of the default branch name, as `(#12)` or `Closes #12`, and when the
-- last of these commits landed.
select
  made.repository_id,
  coalesce(named.numbers[1], named.numbers[2])::integer as number,
  max(made.committed_at) as landed_at
from {{ ref('stg_git__commits') }} as made
inner join {{ ref('int_repositories') }} as repository
  on
    made.repository_id = repository.repository_id
    and made.committed_at <= repository.data_as_of + interval '1 day'
cross join
  lateral regexp_matches(
    made.message,
    '\(#([0-9]{1,9})\)|\m(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#([0-9]{1,9})\M',
    'gi'
  ) as named (numbers)
where {{ of_job('made.repository_id') }} and made.message like '%#%'
group by made.repository_id, coalesce(named.numbers[1], named.numbers[2])::integer
