{#- Rows of the repositories that this job is about. -#}
{% macro of_job(column="repository_id") -%}
  {%- if var("repository_ids") -%}
    {{ column }} in ({{ var("repository_ids") | join(", ") }})
  {%- else -%}
    true
  {%- endif -%}
{%- endmacro %}
