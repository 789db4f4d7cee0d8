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

{#- A count that is null where the thing has not been read: unknown is never 0. -#}
{% macro if_known(flag, count) -%}
  case when {{ flag }} then coalesce({{ count }}, 0) end
{%- endmacro %}
