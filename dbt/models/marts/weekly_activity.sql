-- Weeks are those of ISO 8601, of UTC: they begin on Monday, and none is cut at the end of a year.
{% set sums = [
  "commits_count", "commits_human_count", "commits_ai_coauthored_count",
  "commits_incl_merges_count", "issues_opened_count", "issues_opened_human_count", "issues_closed_count",
  "issues_reopened_count", "pull_requests_opened_count", "pull_requests_opened_human_count",
  "pull_requests_merged_count", "pull_requests_closed_count",
  "pull_requests_closed_unmerged_count", "issue_comments_count", "issue_comments_human_count",
  "reviews_count", "reviews_human_count", "review_comments_count",
  "review_comments_human_count", "lines_added_count", "lines_deleted_count",
  "lines_added_handwritten_count", "lines_deleted_handwritten_count",
] -%}
{% set rolling = [
  "commits", "issues_opened", "issues_closed", "pull_requests_opened", "pull_requests_merged",
] -%}
with weeks as (
  select
    repository_id,
    date_trunc('week', day)::date as iso_week,
    bool_and(is_complete) and count(*) filter (where extract(isodow from day) = 7) = 1
      as is_complete,
    {% for column in sums -%}
    sum({{ column }})::bigint as {{ column }},
    {% endfor -%}
    (array_agg(issues_open_eod_count order by day desc))[1] as issues_open_eow_count,
    (array_agg(pull_requests_open_eod_count order by day desc))[1]
      as pull_requests_open_eow_count
  from {{ ref('daily_activity') }}
  group by repository_id, date_trunc('week', day)::date
),

active as (
  select
    made.repository_id,
    {{ start_of('week', 'made.made_at') }} as iso_week,
    count(distinct made.person) as active_persons_count
  from {{ ref('int_contributions') }} as made
  inner join {{ ref('int_actors') }} as actor
    on
      made.repository_id = actor.repository_id
      and made.person = actor.login
      and actor.actor_class = 'human'
  where made.made_at is not null
  group by made.repository_id, {{ start_of('week', 'made.made_at') }}
)

select
  weeks.repository_id,
  weeks.iso_week,
  weeks.is_complete,
  {% for column in sums -%}
  weeks.{{ column }},
  {% endfor -%}
  weeks.issues_open_eow_count,
  weeks.pull_requests_open_eow_count,
  coalesce(active.active_persons_count, 0) as active_persons_count,
{% for what in rolling -%}
(sum(weeks.{{ what }}_count) over last_4)::bigint as {{ what }}_4_weeks_count,
(sum(weeks.{{ what }}_count) over last_13)::bigint as {{ what }}_13_weeks_count,
(sum(weeks.{{ what }}_count) over last_52)::bigint as {{ what }}_52_weeks_count
{{- "," if not loop.last }}
{% endfor -%}
from weeks
left join active on weeks.repository_id = active.repository_id and weeks.iso_week = active.iso_week
window
  by_week as (partition by weeks.repository_id order by weeks.iso_week),
  last_4 as (by_week rows 3 preceding),
  last_13 as (by_week rows 12 preceding),
  last_52 as (by_week rows 51 preceding)
