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
  `which`: a condition on the intervals, called span, and their items, called item. What is open is
  counted by the week of its creation, so that only those of the weeks that hold the median are
  looked at one by one, and not each one in each week in which it is open.
-#}
{% macro backlog_by_week(which) -%}
  with spans as (
    select
      span.repository_id,
      item.created_at,
      repository.data_as_of,
      {{ start_of('week', 'item.created_at') }} as created_week,
      {{ start_of('week', 'span.started_at') }} as from_week,
      {{ start_of('week', 'span.ended_at') }} + 7 * span.is_current::integer as to_week
    from {{ ref('int_issue_state_intervals') }} as span
    inner join {{ ref('int_items') }} as item
      on span.repository_id = item.repository_id and span.number = item.number
    inner join {{ ref('int_repositories') }} as repository
      on span.repository_id = repository.repository_id
    where span.state = 'open' and item.created_at <= repository.data_as_of and {{ which }}
  ),

  turns as (
    select
      spans.repository_id,
      spans.created_week,
      turn.iso_week,
      sum(turn.step) as step
    from spans
    cross join lateral (values (spans.from_week, 1), (spans.to_week, -1)) as turn (iso_week, step)
    group by spans.repository_id, spans.created_week, turn.iso_week
  ),

  runs as (
    select
      repository_id,
      created_week,
      iso_week,
      sum(step) over in_order as open_count,
      lead(iso_week) over in_order as next_week
    from turns
    window in_order as (partition by repository_id, created_week order by iso_week)
  ),

  ranked as (
    select
      runs.repository_id,
      runs.created_week,
      runs.iso_week + 7 * weeks_later as iso_week,
      runs.open_count,
      sum(runs.open_count) over (
        partition by runs.repository_id, runs.iso_week + 7 * weeks_later
        order by runs.created_week
      ) as so_far,
      sum(runs.open_count) over (
        partition by runs.repository_id, runs.iso_week + 7 * weeks_later
      ) as total
    from runs
    cross join lateral generate_series(0, (runs.next_week - runs.iso_week) / 7 - 1) as weeks_later
    where runs.open_count > 0
  ),

  -- One in the middle or two, which may be of two weeks.
  middles as (
    select
      ranked.repository_id,
      ranked.iso_week,
      ranked.total,
      spans.created_at,
      least((ranked.iso_week + 7)::timestamp at time zone 'UTC', spans.data_as_of) as ends_at,
      ranked.so_far - ranked.open_count + row_number() over (
        partition by ranked.repository_id, ranked.iso_week, ranked.created_week
        order by spans.created_at
      ) as place
    from ranked
    inner join spans
      on
        ranked.repository_id = spans.repository_id
        and ranked.created_week = spans.created_week
        and ranked.iso_week >= spans.from_week
        and ranked.iso_week < spans.to_week
    where
      2 * ranked.so_far >= ranked.total
      and 2 * (ranked.so_far - ranked.open_count) <= ranked.total
  )

  select
    repository_id,
    iso_week,
    avg({{ hours_between('created_at', 'ends_at') }}) as backlog_age_p50_hours
  from middles
  where 2 * place between total and total + 2
  group by repository_id, iso_week
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
