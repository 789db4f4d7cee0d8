{#- Whether a run of CI ended badly; one that was cancelled or skipped did not. -#}
{% macro ci_failed(conclusion) -%}
  coalesce({{ conclusion }} in ('failure', 'timed_out', 'startup_failure'), false)
{%- endmacro %}
