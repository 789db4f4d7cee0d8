{#- One row of a mart by its key: column -> expression; the repository is that of the row. -#}
{% macro evidence(mart, key) -%}
  jsonb_build_object(
    'mart', '{{ mart }}',
    'key', jsonb_build_object(
      {%- for column, value in key.items() %}
      '{{ column }}', {{ value }}{{ "," if not loop.last }}
      {%- endfor %}
    )
  )
{%- endmacro %}
