-- Health by week, from inputs of the 13 weeks (resilience: 52) that end with it. Each input is
-- worth 0 to 100 points between two published anchors; a sub-score is the mean of its known inputs,
-- the score the mean of the known sub-scores. What is closed at the end of a week is what was
-- closed then, whatever was reopened later.
{% set sub_scores = [
  "activity", "responsiveness", "resilience", "delivery", "safety", "quality",
] -%}
with births as (
  select
    repository.repository_id,
    coalesce(repository.created_at, min(made.committed_at)) as born_at,
    -- What was written elsewhere before it was put here counts, too.
    {{ start_of('week', 'least(repository.created_at, min(made.committed_at))') }} as first_week
  from {{ ref('int_repositories') }} as repository
  left join {{ ref('int_commits') }} as made on repository.repository_id = made.repository_id
  group by repository.repository_id, repository.created_at
),

mondays as (
  select
    repository.repository_id,
    births.born_at,
    births.first_week,
    {{ start_of('week', 'repository.data_as_of') }} - 7 * weeks_ago as iso_week
  from {{ ref('int_repositories') }} as repository
  inner join births on repository.repository_id = births.repository_id
  cross join lateral generate_series(1, 13) as weeks_ago
),

weeks as (
  select
    repository_id,
    iso_week,
    least(13, (iso_week - first_week) / 7 + 1) as weeks_count,
    (iso_week + 7)::timestamp at time zone 'UTC' as ends_at
  from mondays
  where born_at < (iso_week + 7)::timestamp at time zone 'UTC'
),

commits as (
  select
    made.repository_id,
    made.person,
    {{ start_of('week', 'made.committed_at') }} as iso_week,
    count(*) as commits_count
  from {{ ref('int_commits') }} as made
  inner join {{ ref('int_actors') }} as actor
    on
      made.repository_id = actor.repository_id
      and made.person = actor.login
      and actor.actor_class = 'human'
  where not made.is_merge and made.committed_at is not null
  group by made.repository_id, made.person, {{ start_of('week', 'made.committed_at') }}
),

activity as (
  select
    weeks.repository_id,
    weeks.iso_week,
    count(distinct commits.iso_week) / weeks.weeks_count::double precision as active_weeks_ratio,
    count(distinct commits.person) as committers_count
  from weeks
  left join commits
    on
      weeks.repository_id = commits.repository_id
      and commits.iso_week between weeks.iso_week - 84 and weeks.iso_week
  group by weeks.repository_id, weeks.iso_week, weeks.weeks_count
),

persons as (
  select
    weeks.repository_id,
    weeks.iso_week,
    commits.person,
    sum(commits.commits_count) as commits_count
  from weeks
  inner join commits
    on
      weeks.repository_id = commits.repository_id
      and commits.iso_week between weeks.iso_week - 357 and weeks.iso_week
  group by weeks.repository_id, weeks.iso_week, commits.person
),

ranked as (
  select
    repository_id,
    iso_week,
    commits_count,
    sum(commits_count) over everybody as total,
    sum(commits_count) over ranking as so_far,
    row_number() over ranking as place
  from persons
  window
    everybody as (partition by repository_id, iso_week),
    ranking as (
      partition by repository_id, iso_week
      order by commits_count desc, person asc rows unbounded preceding
    )
),

resilience as (
  select
    repository_id,
    iso_week,
    min(place) filter (where so_far * 2 >= total) as caf_50_count,
    (max(commits_count) / max(total))::double precision as top_person_ratio
  from ranked
  group by repository_id, iso_week
),

items as (
  select
    item.repository_id,
    item.number,
    item.created_at,
    item.ready_at,
    coalesce(answer.response_at <= item.ready_at + interval '48 hours', false) as is_answered
  from {{ ref('int_items') }} as item
  inner join {{ ref('int_actors') }} as actor
    on
      item.repository_id = actor.repository_id
      and item.author_login = actor.login
      and actor.actor_class = 'human'
  left join {{ ref('int_first_responses') }} as answer
    on item.repository_id = answer.repository_id and item.number = answer.number
),

responsiveness as (
  select
    weeks.repository_id,
    weeks.iso_week,
    -- Of those whose 48 hours were over when the week ended.
    avg(items.is_answered::integer) filter (
      where
      items.ready_at >= weeks.ends_at - interval '93 days'
      and items.ready_at < weeks.ends_at - interval '2 days'
    ) as answered_ratio,
    count(*) filter (
      where
      items.created_at >= weeks.ends_at - interval '91 days' and items.created_at < weeks.ends_at
    ) as opened_count
  from weeks
  inner join items on weeks.repository_id = items.repository_id
  group by weeks.repository_id, weeks.iso_week
),

closed as (
  select
    weeks.repository_id,
    weeks.iso_week,
    count(*) as closed_count
  from weeks
  inner join {{ ref('int_issue_state_intervals') }} as span
    on
      weeks.repository_id = span.repository_id
      and span.state = 'closed'
      and span.started_at >= weeks.ends_at - interval '91 days'
      and weeks.ends_at > span.started_at
      and (span.is_current or weeks.ends_at <= span.ended_at)
  inner join items on span.repository_id = items.repository_id and span.number = items.number
  group by weeks.repository_id, weeks.iso_week
),

ci as (
  select
    weeks.repository_id,
    weeks.iso_week,
    avg((run.first_conclusion = 'success')::integer) as ci_success_ratio
  from weeks
  inner join {{ ref('int_workflow_runs') }} as run
    on
      weeks.repository_id = run.repository_id
      and run.is_on_default_branch
      and (run.first_conclusion = 'success' or {{ ci_failed('run.first_conclusion') }})
      and run.created_at >= weeks.ends_at - interval '91 days'
      and weeks.ends_at > run.created_at
  group by weeks.repository_id, weeks.iso_week
),

merged as (
  select
    weeks.repository_id,
    weeks.iso_week,
    percentile_cont(0.5) within group (order by made.ready_to_merge_hours) as merge_p50_hours,
    avg(made.is_reviewed::integer) as reviewed_merge_ratio
  from weeks
  inner join {{ ref('int_merges') }} as made
    on
      weeks.repository_id = made.repository_id
      and made.is_by_human
      and made.merged_at >= weeks.ends_at - interval '91 days'
      and weeks.ends_at > made.merged_at
  group by weeks.repository_id, weeks.iso_week
),

releases as (
  select
    weeks.repository_id,
    weeks.iso_week,
    {{ hours_between('max(made.released_at)', 'weeks.ends_at') }} / 24 as release_age_days
  from weeks
  inner join {{ ref('release_cadence') }} as made
    on weeks.repository_id = made.repository_id and weeks.ends_at > made.released_at
  group by weeks.repository_id, weeks.iso_week, weeks.ends_at
),

-- As somebody saw it last.
quality as (
  select distinct on (weeks.repository_id, weeks.iso_week)
    weeks.repository_id,
    weeks.iso_week,
    made.health_score as code_health_score,
    made.worst_health_score as worst_code_health_score
  from weeks
  inner join {{ ref('int_code_snapshots') }} as made
    on
      weeks.repository_id = made.repository_id
      and made.every = 'week'
      and made.language = 'all'
      and made.taken_on between weeks.iso_week - 84 and weeks.iso_week + 6
  order by weeks.repository_id asc, weeks.iso_week asc, made.taken_on desc
),

facts as (
  select
    weeks.repository_id,
    weeks.iso_week,
    resilience.caf_50_count,
    resilience.top_person_ratio,
    merged.merge_p50_hours,
    merged.reviewed_merge_ratio,
    releases.release_age_days,
    quality.code_health_score,
    quality.worst_code_health_score,
    case when coverage.knows_workflow_runs then ci.ci_success_ratio end as ci_success_ratio,
    case when coverage.knows_commits then activity.active_weeks_ratio end as active_weeks_ratio,
    case when coverage.knows_commits then activity.committers_count end as committers_count,
    case
      when coverage.knows_issue_responses and coverage.knows_pull_request_responses
        then responsiveness.answered_ratio
    end as answered_ratio,
    case
      when coverage.knows_issues and coverage.knows_pull_requests
        then
          coalesce(closed.closed_count, 0)
          / nullif(responsiveness.opened_count, 0)::double precision
    end as closure_ratio
  from weeks
  inner join activity
    on weeks.repository_id = activity.repository_id and weeks.iso_week = activity.iso_week
  left join {{ ref('int_coverage') }} as coverage on weeks.repository_id = coverage.repository_id
  left join resilience
    on weeks.repository_id = resilience.repository_id and weeks.iso_week = resilience.iso_week
  left join responsiveness
    on
      weeks.repository_id = responsiveness.repository_id
      and weeks.iso_week = responsiveness.iso_week
  left join closed
    on weeks.repository_id = closed.repository_id and weeks.iso_week = closed.iso_week
  left join ci on weeks.repository_id = ci.repository_id and weeks.iso_week = ci.iso_week
  left join merged
    on
      weeks.repository_id = merged.repository_id
      and weeks.iso_week = merged.iso_week
  left join releases
    on
      weeks.repository_id = releases.repository_id
      and weeks.iso_week = releases.iso_week
  left join quality
    on
      weeks.repository_id = quality.repository_id
      and weeks.iso_week = quality.iso_week
),

placed as (
  select
    facts.repository_id,
    facts.iso_week,
    anchor.sub_score,
    anchor.input,
    measured.amount,
    case anchor.scale
      when 'linear' then (measured.amount - anchor.worst) / (anchor.best - anchor.worst)
      when 'logarithmic'
        then
          ln((1 + measured.amount) / (1 + anchor.worst))
          / ln((1 + anchor.best) / (1 + anchor.worst))
    end as reached
  from facts
  cross join
    lateral (
      values
      ('active_weeks_ratio', facts.active_weeks_ratio),
      ('committers_count', facts.committers_count),
      ('answered_ratio', facts.answered_ratio),
      ('closure_ratio', facts.closure_ratio),
      ('caf_50_count', facts.caf_50_count),
      ('top_person_ratio', facts.top_person_ratio),
      ('merge_p50_hours', facts.merge_p50_hours),
      ('release_age_days', facts.release_age_days),
      ('ci_success_ratio', facts.ci_success_ratio),
      ('code_health_score', facts.code_health_score),
      ('worst_code_health_score', facts.worst_code_health_score),
      ('reviewed_merge_ratio', facts.reviewed_merge_ratio)
    ) as measured (input, amount)
  inner join {{ ref('health_anchors') }} as anchor on measured.input = anchor.input
),

-- The greatest of nothing and zero would be zero.
inputs as (
  select
    repository_id,
    iso_week,
    sub_score,
    input,
    amount,
    case when reached is not null then round(100 * least(1, greatest(0, reached))::numeric, 2) end
      as points
  from placed
),

sub_scores as (
  select
    repository_id,
    iso_week,
    sub_score,
    round(avg(points), 2) as points,
    jsonb_object_agg(input, jsonb_build_object('value', amount, 'points', points)) as inputs
  from inputs
  group by repository_id, iso_week, sub_score
),

scores as (
  select
    repository_id,
    iso_week,
    count(points) as known_count,
    round(avg(points), 2) as points,
    jsonb_object_agg(sub_score, inputs) as inputs,
    {% for sub_score in sub_scores %}
    max(points) filter (where sub_score = '{{ sub_score }}') as {{ sub_score }}_score,
    {% endfor %}
    jsonb_agg(sub_score order by sub_score) filter (where points is null) as missing
  from sub_scores
  group by repository_id, iso_week
)

select
  scores.repository_id,
  scores.iso_week,
  'health-score@3' as weights_version,
  scores.inputs,
  stars.stars_count,
  stars.forks_count,
  case when scores.known_count >= 3 then scores.points end::double precision as score,
  {% for sub_score in sub_scores %}
  scores.{{ sub_score }}_score::double precision as {{ sub_score }}_score,
  {% endfor %}
  coalesce(scores.missing, '[]') as missing,
  scores.known_count / 6::double precision as known_weight_ratio
from scores
left join {{ ref('stars_growth') }} as stars
  on scores.repository_id = stars.repository_id and scores.iso_week + 6 = stars.day
