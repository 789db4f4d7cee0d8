{#- Median, three quarters and nine tenths of the hours of something, interpolated. -#}
{% macro percentiles(what, hours=none, condition="true") -%}
  {%- for percent in [50, 75, 90] %}
  percentile_cont({{ percent / 100 }}) within group (order by {{ hours or what ~ "_hours" }})
    filter (where {{ condition }}) as {{ what }}_p{{ percent }}_hours{{ "," if not loop.last }}
  {%- endfor %}
{%- endmacro %}

{#-
  The first time at which at most half still wait, by the product-limit estimator, as
  models/review_latency.py computes it; null if less than half of all waits end. `waits`: a relation
  of the columns `keys`, `hours` and `is_ended`. One row per combination of `keys`.
-#}
{% macro kaplan_meier_median(waits, keys) -%}
  {%- set keys = keys | join(", ") -%}
  select
    {{ keys }},
    min(hours) filter (where survival <= 0.5 + 1e-12) as km_p50_hours
  from (
    select
      {{ keys }},
      hours,
      -- A product of shares; nobody survives a time at which all who are left end.
      case
        when bool_or(ended_count = at_risk_count) over up_to then 0
        else
          exp(
            sum(ln(nullif(at_risk_count - ended_count, 0)::double precision / at_risk_count))
            over up_to
          )
      end as survival
    from (
      select
        {{ keys }},
        hours,
        count(*) filter (where is_ended) as ended_count,
        (sum(count(*)) over (partition by {{ keys }} order by hours desc))::bigint as at_risk_count
      from {{ waits }}
      group by {{ keys }}, hours
    ) as times
    window up_to as (partition by {{ keys }} order by hours)
  ) as curve
  group by {{ keys }}
{%- endmacro %}

{#-
  How long those who were opened in a week waited for something, with those who wait still.
  `waits`: a relation of repository_id, opened_week, hours and is_ended. The columns begin with
  `what`, and the medians of all are those of kaplan_meier_median.
-#}
{% macro waits_by_week(waits, what) -%}
  select
    ended.*,
    survival.km_p50_hours as {{ what }}_km_p50_hours
  from (
    select
      repository_id,
      opened_week,
      count(*) filter (where not is_ended) as {{ what }}_censored_count,
      {{ percentiles(what, "hours", "is_ended") }},
      -- Who still waits, and not for so long, is not judged yet.
      count(*) filter (where is_ended and hours <= 48)::double precision
      / nullif(count(*) filter (where is_ended or hours >= 48), 0)
        as {{ what }}_within_48_hours_ratio
    from {{ waits }}
    group by repository_id, opened_week
  ) as ended
  inner join ({{ kaplan_meier_median(waits, ["repository_id", "opened_week"]) }}) as survival
    using (repository_id, opened_week)
{%- endmacro %}

{#-
  How long what was open when a week ended had been so: one row per week in which something was.
  `which`: a condition on the intervals, called span, and their items, called item.
-#}
{% macro backlog_by_week(which) -%}
  select
    span.repository_id,
    {{ start_of('week', 'span.started_at') }} + 7 * weeks_later as iso_week,
    percentile_cont(0.5) within group (
      order by
        {{ hours_between('item.created_at', "least(
          (" ~ start_of('week', 'span.started_at') ~ " + 7 * weeks_later + 7)::timestamp
            at time zone 'UTC',
          repository.data_as_of
        )") }}
    ) as backlog_age_p50_hours
  from {{ ref('int_issue_state_intervals') }} as span
  inner join {{ ref('int_items') }} as item
    on span.repository_id = item.repository_id and span.number = item.number
  inner join {{ ref('int_repositories') }} as repository
    on span.repository_id = repository.repository_id
  cross join
    lateral generate_series(
      0,
      ({{ start_of('week', 'span.ended_at') }} - {{ start_of('week', 'span.started_at') }}) / 7
      - (not span.is_current)::integer
    ) as weeks_later
  where span.state = 'open' and {{ which }}
  group by
    span.repository_id, {{ start_of('week', 'span.started_at') }} + 7 * weeks_later
{%- endmacro %}

{#-
  Every week of the repositories of which issues or pull requests are known, with the figures of
  those who were opened in it, `figures`, and with the backlog at its end.
-#}
{% macro from_weeks(known, figures) -%}
  from {{ ref('weekly_activity') }} as weekly
  inner join {{ ref('int_repositories') }} as repository
    on weekly.repository_id = repository.repository_id
  inner join {{ ref('int_coverage') }} as coverage
    on weekly.repository_id = coverage.repository_id and coverage.{{ known }}
  {%- for opened in figures %}
  left join {{ opened }}
    on
      weekly.repository_id = {{ opened }}.repository_id
      and weekly.iso_week = {{ opened }}.opened_week
  {%- endfor %}
  left join backlog
    on weekly.repository_id = backlog.repository_id and weekly.iso_week = backlog.iso_week
{%- endmacro %}
