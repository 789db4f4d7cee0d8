-- Lines of commits without those of files that nobody writes by hand, and of how many files they
-- are. A binary file has none.
select
  changed.repository_id,
  changed.sha,
  count(*) as files_count,
  coalesce(sum(changed.lines_added_count) filter (where named.is_handwritten), 0)::bigint
    as lines_added_handwritten_count,
  coalesce(sum(changed.lines_deleted_count) filter (where named.is_handwritten), 0)::bigint
    as lines_deleted_handwritten_count
from {{ ref('stg_git__commit_files') }} as changed
inner join {{ ref('int_paths') }} as named
  on changed.repository_id = named.repository_id and changed.path = named.path
where {{ of_job('changed.repository_id') }}
group by changed.repository_id, changed.sha
