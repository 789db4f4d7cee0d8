{#-
  A schema is called what the project calls it, in every environment. The past has its own beside
  each, of sources as of models, so that the same project makes the figures of another day.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ env_var('GITINSIGHT_DBT_SCHEMA_PREFIX', '') }}{{ custom_schema_name or target.schema }}
{%- endmacro %}
