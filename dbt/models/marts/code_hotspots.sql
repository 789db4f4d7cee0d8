-- Files of code at the end of each month, or now, with what happened to them in the year before,
-- and on whom they rest. A file is known by the path that it has.
with months as (
  select
    lies.repository_id,
    lies.month,
    lies.month = max(lies.month) over (partition by lies.repository_id) as is_latest,
    least((lies.month + interval '1 month') at time zone 'UTC', repository.data_as_of) as ends_at
  from {{ ref('int_code_files') }} as lies
  inner join {{ ref('int_repositories') }} as repository
    on lies.repository_id = repository.repository_id
  group by lies.repository_id, lies.month, repository.data_as_of
),

files as (
  select
    lies.repository_id,
    lies.month,
    months.is_latest,
    months.ends_at,
    lies.path,
    lies.kind as language,
    lies.nloc::bigint as nloc,
    lies.ccn::bigint as ccn,
    lies.health_score as code_health_score
  from {{ ref('int_code_files') }} as lies
  inner join months on lies.repository_id = months.repository_id and lies.month = months.month
  where not lies.is_test and lies.nloc is not null
),

touches as (
  select
    made.repository_id,
    changed.path,
    made.person,
    made.committed_at,
    actor.actor_class = 'human' as is_human,
    written.message ~* '\m(fix(e[sd])?|bugs?|defects?|hotfix(es)?|regressions?)\M' as is_fix
  from {{ ref('int_commits') }} as made
  inner join {{ ref('stg_git__commit_files') }} as changed
    on made.repository_id = changed.repository_id and made.sha = changed.sha
  inner join {{ ref('stg_git__commits') }} as written
    on made.repository_id = written.repository_id and made.sha = written.sha
  inner join {{ ref('int_actors') }} as actor
    on made.repository_id = actor.repository_id and made.person = actor.login
  where {{ of_job('made.repository_id') }} and not made.is_merge
),

by_person as (
  select
    lying.repository_id,
    lying.month,
    lying.path,
    touch.person,
    touch.is_human,
    count(*) as commits_count,
    count(*) filter (where touch.committed_at >= lying.ends_at - interval '365 days')
      as commits_365d_count,
    count(*) filter (
      where touch.is_fix and touch.committed_at >= lying.ends_at - interval '365 days'
    ) as fixes_365d_count
  from files as lying
  inner join touches as touch
    on
      lying.repository_id = touch.repository_id
      and lying.path = touch.path
      and lying.ends_at > touch.committed_at
  group by lying.repository_id, lying.month, lying.path, touch.person, touch.is_human
),

by_file as (
  select
    repository_id,
    month,
    path,
    sum(commits_365d_count)::bigint as commits_365d_count,
    sum(fixes_365d_count)::bigint as fixes_365d_count,
    count(*) filter (where is_human and commits_365d_count > 0) as persons_365d_count,
    sum(commits_count) filter (where is_human)::bigint as commits_human_count
  from by_person
  group by repository_id, month, path
),

main_persons as (
  select distinct on (repository_id, month, path)
    repository_id,
    month,
    path,
    person,
    commits_count
  from by_person
  where is_human
  order by repository_id asc, month asc, path asc, commits_count desc, person asc
),

last_seen as (
  select
    months.repository_id,
    months.month,
    made.person,
    max(made.made_at) < months.ends_at - interval '365 days' as is_away
  from months
  inner join {{ ref('int_contributions') }} as made
    on months.repository_id = made.repository_id and months.ends_at > made.made_at
  group by months.repository_id, months.month, months.ends_at, made.person
),

scored as (
  select
    lying.*,
    coverage.knows_commits,
    keeper.person as main_person,
    coalesce(counted.commits_365d_count, 0) as commits_365d_count,
    coalesce(counted.fixes_365d_count, 0) as fixes_365d_count,
    coalesce(counted.persons_365d_count, 0) as persons_365d_count,
    ln(1 + coalesce(counted.commits_365d_count, 0)::double precision)
    * ln(1 + lying.nloc::double precision) as hotspot_score,
    keeper.commits_count::double precision / counted.commits_human_count as main_person_ratio,
    coalesce(seen.is_away, true) as main_person_is_away
  from files as lying
  inner join {{ ref('int_coverage') }} as coverage
    on lying.repository_id = coverage.repository_id
  left join by_file as counted
    on
      lying.repository_id = counted.repository_id
      and lying.month = counted.month
      and lying.path = counted.path
  left join main_persons as keeper
    on
      lying.repository_id = keeper.repository_id
      and lying.month = keeper.month
      and lying.path = keeper.path
  left join last_seen as seen
    on
      keeper.repository_id = seen.repository_id
      and keeper.month = seen.month
      and keeper.person = seen.person
)

select
  repository_id,
  month,
  path,
  is_latest,
  language,
  nloc,
  ccn,
  code_health_score,
  commits_365d_count,
  persons_365d_count,
  fixes_365d_count,
  hotspot_score,
  main_person,
  main_person_ratio,
  row_number() over (
    partition by repository_id, month
    order by hotspot_score desc, nloc desc, path asc
  ) as hotspot_rank,
  case when main_person is not null then main_person_is_away end as main_person_is_away
from scored
where knows_commits
