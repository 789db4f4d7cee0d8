-- The lead time of each merged pull request as Apache DevLake counts it, out of our models: whole
-- minutes that have begun, a span that runs backwards is unknown, and what is unknown counts
-- nothing in the cycle. `docs/definitions-compared.md` says why ours are otherwise.
with deployed as (
  -- DevLake looks between a deployment and the one before it, so the first one holds nothing.
  select
    repository_id,
    number,
    deployed_at
  from intermediate.int_pull_request_deployments as pull
  where
    deployed_at > (
      select min(deployment.deployed_at)
      from intermediate.int_deployments as deployment
      where deployment.repository_id = pull.repository_id
    )
),

answered as (
  -- Of anybody else, at any time, even before the opening and after the merge.
  select
    remark.repository_id,
    remark.number,
    min(remark.made_at) as answered_at
  from intermediate.int_remarks as remark
  inner join intermediate.int_items as item
    on remark.repository_id = item.repository_id and remark.number = item.number
  where remark.author_login <> item.author_login
  group by remark.repository_id, remark.number
),

timed as (
  select
    pull.number,
    pull.first_commit_at,
    pull.created_at,
    answered.answered_at,
    pull.merged_at,
    deployed.deployed_at
  from staging.stg_github__pull_requests as pull
  left join answered
    on pull.repository_id = answered.repository_id and pull.number = answered.number
  left join deployed
    on pull.repository_id = deployed.repository_id and pull.number = deployed.number
  where pull.merged_at is not null
),

spans as (
  select
    timed.number,
    span.phase,
    case
      when span.ended_at >= span.started_at
        then ceil(extract(epoch from span.ended_at - span.started_at) / 60)::bigint
    end as minutes
  from timed
  cross join lateral (
    values
    ('coding', first_commit_at, created_at),
    ('pickup', created_at, answered_at),
    ('review', answered_at, merged_at),
    ('open', created_at, merged_at),
    ('deploy', merged_at, deployed_at)
  ) as span (phase, started_at, ended_at)
),

counted as (
  select
    number,
    max(minutes) filter (where phase = 'coding') as coding,
    max(minutes) filter (where phase = 'pickup') as pickup,
    max(minutes) filter (where phase = 'review') as review,
    max(minutes) filter (where phase = 'deploy') as deploy,
    sum(minutes) filter (where phase in ('coding', 'open', 'deploy'))::bigint as cycle
  from spans
  group by number
)

select
  counted.*,
  timed.first_commit_at,
  timed.answered_at,
  timed.created_at,
  timed.merged_at,
  timed.deployed_at
from counted
inner join timed on counted.number = timed.number
