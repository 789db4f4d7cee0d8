-- The contributor absence factor of CHAOSS: the fewest persons who together made half (and 80 %) of
-- the commits of humans. Ties do not change it.
with shares as (
  select
    repository_id,
    window_days,
    month,
    is_latest,
    person,
    commits_count,
    sum(commits_count) over everybody as total,
    sum(commits_count) over ranking as so_far,
    row_number() over ranking as place,
    row_number() over (
      partition by repository_id, window_days, month order by commits_count asc, person desc
    ) as place_from_below
  from {{ ref('int_commit_shares') }}
  where is_human
  window
    everybody as (partition by repository_id, window_days, month),
    ranking as (
      partition by repository_id, window_days, month
      order by commits_count desc, person asc rows unbounded preceding
    )
)

select
  repository_id,
  window_days,
  month,
  is_latest,
  min(place) filter (where so_far * 2 >= total)::integer as caf_50_count,
  min(place) filter (where so_far * 5 >= total * 4)::integer as caf_80_count,
  sum(power(commits_count / total, 2))::double precision as hhi_ratio,
  {{ gini_of('commits_count', 'place_from_below') }} as gini_ratio,
  sum(commits_count)::bigint as commits_count,
  count(*) as persons_count,
  jsonb_agg(
    jsonb_build_object('person', person, 'commits_count', commits_count) order by place
  ) filter (where place <= 10) as top_persons
from shares
group by repository_id, window_days, month, is_latest
