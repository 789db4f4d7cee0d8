{#- The login of an account in GraphQL's shape, as REST writes it: apps end in [bot]. -#}
{% macro login_of(actor) -%}
  case
    when {{ actor }} ->> 'login' is null then 'ghost'
    when {{ actor }} ->> '__typename' = 'Bot' and {{ actor }} ->> 'login' not like '%[bot]'
      then ({{ actor }} ->> 'login') || '[bot]'
    else {{ actor }} ->> 'login'
  end
{%- endmacro %}

{#- Hours from one time to another; null where the second is missing or comes first. -#}
{% macro hours_between(start, finish) -%}
  case
    when {{ finish }} >= {{ start }}
      then extract(epoch from {{ finish }} - {{ start }})::double precision / 3600
  end
{%- endmacro %}

{#-
  A time that can be; none lies more than a day after the instant that the figures describe, nor
  where clocks begin: that is what a converted history says of commits that have no date.
-#}
{% macro possible(time, as_of) -%}
  case
    when {{ time }} > '1970-01-02 00:00:00+00' and {{ time }} <= {{ as_of }} + interval '1 day'
      then {{ time }}
  end
{%- endmacro %}

{#- The day of UTC. -#}
{% macro day_of(time) -%}
  ({{ time }} at time zone 'UTC')::date
{%- endmacro %}

{#- The first day of a week (Monday), month or quarter of UTC. -#}
{% macro start_of(unit, time) -%}
  date_trunc('{{ unit }}', {{ time }} at time zone 'UTC')::date
{%- endmacro %}

{#- A count that is null where the thing has not been read: unknown is never 0. -#}
{% macro if_known(flag, count) -%}
  case when {{ flag }} then coalesce({{ count }}, 0) end
{%- endmacro %}

{#- Figures of one table, each under its own name and null where it is not known. -#}
{% macro known_figures(flag, figures, columns) -%}
  {%- for column in columns %}
  case when {{ flag }} then {{ figures }}.{{ column }} end as {{ column }}
    {{- "," if not loop.last }}
  {%- endfor %}
{%- endmacro %}

{#- The same of counts: where they are known, none is 0. -#}
{% macro known_counts(flag, counted, columns) -%}
  {%- for column in columns %}
  {{ if_known(flag, counted ~ "." ~ column) }} as {{ column }}{{ "," if not loop.last }}
  {%- endfor %}
{%- endmacro %}

{#- What a running count has gained in so many days, over the window `by_day` of dense days. -#}
{% macro gained_counts(what, is_listed) -%}
  {%- for days in [1, 7, 28, 56, 90] %}
  {{ what }}_count
  - lag({{ what }}_count, {{ days }}, case when {{ is_listed }} then 0::bigint end) over by_day
    as {{ what }}_gained_{{ days }}d_count{{ "," if not loop.last }}
  {%- endfor %}
{%- endmacro %}

{#-
  The Gini coefficient of a group: mean difference over twice the mean, from the sorted form of the
  formula. `place` counts from 1, the smallest value first.
-#}
{% macro gini_of(value, place) -%}
  (
    2 * sum({{ place }} * {{ value }})::double precision / (count(*) * sum({{ value }}))
    - (count(*) + 1)::double precision / count(*)
  )
{%- endmacro %}

{#- An end of Wilson's interval of a share of so many; `side` is + or -. -#}
{% macro wilson(share, count, z, side) -%}
  (
    {{ share }} + {{ z * z / 2 }} / {{ count }}
    {{ side }} {{ z }} * sqrt(
      {{ share }} * (1 - {{ share }}) / {{ count }} + {{ z * z / 4 }} / ({{ count }}::double precision ^ 2)
    )
  ) / (1 + {{ z * z }} / {{ count }})
{%- endmacro %}

{#- Of texts with their tone, how many there are and how they sound; `int_texts` has the columns. -#}
{% macro tones_counted() -%}
  count(*) as texts_count,
  count(label) as scored_count,
  count(distinct author_login) filter (where label is not null) as persons_count,
  count(*) filter (where label = 'negative') as negative_count,
  count(*) filter (where label = 'neutral') as neutral_count,
  count(*) filter (where label = 'positive') as positive_count,
  count(*) filter (where label = 'unsure') as unsure_count
{%- endmacro %}
