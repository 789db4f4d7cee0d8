-- Lines of pull requests without those of files that nobody writes by hand, and of how many files
-- they are: GitHub shows no more than 3000 of one.
select
  changed.repository_id,
  changed.number,
  count(*) as files_count,
  coalesce(
    sum(changed.lines_added_count + changed.lines_deleted_count) filter (
      where named.is_handwritten
    ), 0
  )::bigint as lines_handwritten_count
from {{ ref('stg_github__pull_request_files') }} as changed
inner join {{ ref('int_paths') }} as named
  on changed.repository_id = named.repository_id and changed.path = named.path
where {{ of_job('changed.repository_id') }}
group by changed.repository_id, changed.number
