-- What is worth a sentence now, each with the rows that it rests on. A sentence is a template and
-- figures of marts; what has happened is told for 28 days, what holds as long as it does. A giant
-- has hundreds of newcomers in that time: of each template the gravest and newest twenty are told.
{% set most_told = 20 -%}
{% set templates = [
  "record_week", "newcomer", "bus_factor_fell", "released", "release_overdue", "backlog_grew",
  "stale_backlog", "health_fell", "stars_surged", "one_reviewer",
] -%}
with repositories as (
  select
    repository_id,
    {{ day_of('data_as_of') }} as today
  from {{ ref('int_repositories') }}
),

weeks as (
  select
    repository.repository_id,
    repository.today,
    weekly.iso_week,
    weekly.commits_human_count,
    weekly.issues_open_eow_count,
    count(*) over before_it as weeks_before_count,
    max(weekly.commits_human_count) over before_it as most_before_count,
    lag(weekly.iso_week, 13) over in_order as earlier_week,
    lag(weekly.issues_open_eow_count, 13) over in_order as issues_open_before_count,
    row_number() over (partition by weekly.repository_id order by weekly.iso_week desc) as place
  from {{ ref('weekly_activity') }} as weekly
  inner join repositories as repository on weekly.repository_id = repository.repository_id
  where weekly.is_complete
  window
    in_order as (partition by weekly.repository_id order by weekly.iso_week),
    before_it as (in_order rows between unbounded preceding and 1 preceding)
),

record_week as (
  select
    repository_id,
    iso_week::text as subject,
    'info' as severity,
    iso_week + 7 as valid_from,
    iso_week + 35 as valid_to,
    format(
      'Humans made %s commits in the week of %s, more than in any week before (%s).',
      commits_human_count, iso_week, most_before_count
    ) as message,
    jsonb_build_array({{ evidence("weekly_activity", {"iso_week": "iso_week"}) }}) as evidence
  from weeks
  where
    iso_week + 35 > today
    and weeks_before_count >= 26
    and commits_human_count >= 10
    and commits_human_count > most_before_count
),

backlog_grew as (
  select
    repository_id,
    '' as subject,
    'warning' as severity,
    iso_week + 7 as valid_from,
    null::date as valid_to,
    format(
      '%s issues are open, %s more than 13 weeks before.',
      issues_open_eow_count, issues_open_eow_count - issues_open_before_count
    ) as message,
    jsonb_build_array(
      {{ evidence("weekly_activity", {"iso_week": "iso_week"}) }},
      {{ evidence("weekly_activity", {"iso_week": "earlier_week"}) }}
    ) as evidence
  from weeks
  where
    place = 1
    and issues_open_eow_count >= issues_open_before_count + 10
    and issues_open_eow_count >= issues_open_before_count * 1.25
),

newcomer as (
  select
    contributor.repository_id,
    contributor.person as subject,
    'info' as severity,
    contributor.newcomer_on as valid_from,
    contributor.newcomer_on + 28 as valid_to,
    format(
      '%s is new here, and began with: %s.',
      contributor.person, replace(contributor.first_kind, '_', ' ')
    ) as message,
    jsonb_build_array({{ evidence("contributor", {"person": "contributor.person"}) }}) as evidence
  from {{ ref('contributor') }} as contributor
  inner join repositories on contributor.repository_id = repositories.repository_id
  where contributor.actor_class = 'human' and contributor.newcomer_on + 28 > repositories.today
),

bus_factor_fell as (
  select
    latest.repository_id,
    '' as subject,
    'warning' as severity,
    latest.month as valid_from,
    null::date as valid_to,
    format(
      'Half of the commits of a year rest on %s; of the year up to the end of %s on %s.',
      latest.caf_50_count, to_char(earlier.month, 'YYYY-MM'), earlier.caf_50_count
    ) as message,
    jsonb_build_array(
      {{ evidence("bus_factor", {"window_days": "365", "month": "latest.month"}) }},
      {{ evidence("bus_factor", {"window_days": "365", "month": "earlier.month"}) }}
    ) as evidence
  from {{ ref('bus_factor') }} as latest
  inner join {{ ref('bus_factor') }} as earlier
    on
      latest.repository_id = earlier.repository_id
      and latest.window_days = earlier.window_days
      and earlier.month = (latest.month - interval '3 months')::date
  where
    latest.is_latest and latest.window_days = 365 and latest.caf_50_count < earlier.caf_50_count
),

released as (
  select
    release.repository_id,
    release.tag_name as subject,
    case when release.semver_level = 'major' then 'notice' else 'info' end as severity,
    {{ day_of('release.released_at') }} as valid_from,
    {{ day_of('release.released_at') }} + 28 as valid_to,
    format(
      '%s was released%s%s.',
      release.tag_name,
      ', ' || round(release.gap_days)::text || ' days after the release before',
      ', with ' || release.commits_count::text || ' commits'
    ) as message,
    jsonb_build_array({{ evidence("release_cadence", {"tag_name": "release.tag_name"}) }})
      as evidence
  from {{ ref('release_cadence') }} as release
  inner join repositories on release.repository_id = repositories.repository_id
  where {{ day_of('release.released_at') }} + 28 > repositories.today
),

gaps as (
  select
    repository_id,
    count(gap_days) as gaps_count,
    percentile_cont(0.5) within group (order by gap_days) as gap_p50_days
  from {{ ref('release_cadence') }}
  group by repository_id
),

release_overdue as (
  select
    totals.repository_id,
    '' as subject,
    'notice' as severity,
    repositories.today - floor(totals.unreleased_days)::integer as valid_from,
    null::date as valid_to,
    format(
      '%s commits wait for a release, the oldest for %s days; the median gap is %s days.',
      totals.commits_since_release_count,
      floor(totals.unreleased_days),
      round(gaps.gap_p50_days::numeric, 1)
    ) as message,
    jsonb_build_array(
      {{ evidence("repository_summary", {"repository_id": "totals.repository_id"}) }}
    ) as evidence
  from {{ ref('repository_summary') }} as totals
  inner join repositories on totals.repository_id = repositories.repository_id
  inner join gaps on totals.repository_id = gaps.repository_id
  where
    gaps.gaps_count >= 3
    and totals.unreleased_days >= 30
    and totals.unreleased_days > 2 * gaps.gap_p50_days
),

stale_backlog as (
  select
    totals.repository_id,
    '' as subject,
    'notice' as severity,
    repositories.today as valid_from,
    null::date as valid_to,
    format(
      'Of %s open issues %s in a hundred had no word from a human for 90 days.',
      totals.issues_open_count, round(100 * totals.stale_issue_ratio)
    ) as message,
    jsonb_build_array(
      {{ evidence("repository_summary", {"repository_id": "totals.repository_id"}) }}
    ) as evidence
  from {{ ref('repository_summary') }} as totals
  inner join repositories on totals.repository_id = repositories.repository_id
  where totals.issues_open_count >= 10 and totals.stale_issue_ratio >= 0.5
),

health_fell as (
  select distinct on (latest.repository_id)
    latest.repository_id,
    '' as subject,
    'warning' as severity,
    latest.iso_week + 7 as valid_from,
    null::date as valid_to,
    format(
      'The health score fell from %s to %s in four weeks.',
      round(earlier.score), round(latest.score)
    ) as message,
    jsonb_build_array(
      {{ evidence("health_score", {"iso_week": "latest.iso_week"}) }},
      {{ evidence("health_score", {"iso_week": "earlier.iso_week"}) }}
    ) as evidence,
    -- A score of other parts is another score.
    latest.score <= earlier.score - 10
    and coalesce(latest.missing = earlier.missing, true) as is_told
  from {{ ref('health_score') }} as latest
  inner join {{ ref('health_score') }} as earlier
    on latest.repository_id = earlier.repository_id and latest.iso_week - 28 = earlier.iso_week
  order by latest.repository_id asc, latest.iso_week desc
),

stars_surged as (
  select
    stars.repository_id,
    '' as subject,
    'info' as severity,
    stars.day - 6 as valid_from,
    null::date as valid_to,
    format(
      '%s stars in a week, of %s in 90 days.',
      stars.stars_gained_7d_count, stars.stars_gained_90d_count
    ) as message,
    jsonb_build_array({{ evidence("stars_growth", {"day": "stars.day"}) }}) as evidence
  from {{ ref('stars_growth') }} as stars
  inner join repositories
    on stars.repository_id = repositories.repository_id and stars.day = repositories.today
  -- Three times what a week of these 90 days has.
  where
    stars.stars_gained_7d_count >= 20
    and stars.stars_gained_7d_count * 90 >= 3 * 7 * stars.stars_gained_90d_count
),

one_reviewer as (
  select
    loads.repository_id,
    loads.reviewer_login as subject,
    'warning' as severity,
    (loads.month + interval '1 month')::date as valid_from,
    (loads.month + interval '2 months')::date as valid_to,
    format(
      '%s gave %s of %s reviews of %s.',
      loads.reviewer_login,
      loads.reviews_count,
      round(loads.reviews_count / loads.reviews_ratio),
      to_char(loads.month, 'YYYY-MM')
    ) as message,
    jsonb_build_array(
      {{ evidence(
        "reviewer_load", {"month": "loads.month", "reviewer_login": "loads.reviewer_login"}
      ) }}
    ) as evidence
  from {{ ref('reviewer_load') }} as loads
  inner join repositories
    on
      loads.repository_id = repositories.repository_id
      and loads.month = (date_trunc('month', repositories.today) - interval '1 month')::date
  where loads.reviews_ratio >= 0.8 and loads.reviews_count >= 20
),

told as (
  {% for template in templates -%}
  select
    repository_id,
    '{{ template }}' as template_id,
    subject,
    severity,
    valid_from,
    valid_to,
    message,
    evidence
  from {{ template }}
  {%- if template == "health_fell" %}
  where is_told
  {%- endif %}
  {% if not loop.last -%}
  union all
  {% endif -%}
  {% endfor %}
),

ranked as (
  select
    *,
    row_number() over (
      partition by repository_id, template_id
      order by
        array_position(array['warning', 'notice', 'info'], severity) asc,
        valid_from desc,
        subject asc
    ) as place,
    count(*) over (partition by repository_id, template_id) as sentences_count
  from told
)

select
  repository_id,
  template_id,
  subject,
  severity,
  valid_from,
  valid_to,
  message,
  evidence,
  greatest(0, sentences_count - {{ most_told }}) as left_out_count
from ranked
where place <= {{ most_told }}
