{#-
  What a job is about comes in two settings of its database session, not in dbt's own variables:
  those are part of the compiled project, and another value would have it parsed anew each time.
    gitinsight.repository_ids   ids with commas between them; unset means all repositories
    gitinsight.as_of            the instant that the figures describe; unset means when upstream
                                was asked last
    gitinsight.production_environments, gitinsight.incident_labels
                                lists with commas between; unset means what is said below
  A unit test is about the rows that it gives, whatever the session says. Where the project is
  compiled for jobs (warehouse/project.py) the repository is written into the SQL by each of them:
  PostgreSQL then knows what it is about, and finds its rows in every table by their key.
-#}
{% macro of_job(column="repository_id") -%}
  {%- if model.resource_type == "unit_test" -%}
  true
  {%- elif env_var('GITINSIGHT_DBT_SCHEMA_PREFIX', '') == 'any_prefix__' -%}
  any_repository__({{ column }})
  {%- else -%}
  (
    nullif(current_setting('gitinsight.repository_ids', true), '') is null
    or {{ column }} = any(
      string_to_array(current_setting('gitinsight.repository_ids', true), ',')::bigint[]
    )
  )
  {%- endif -%}
{%- endmacro %}

{% macro as_of_job() -%}
  {%- if model.resource_type == "unit_test" -%}
  null::timestamptz
  {%- else -%}
  nullif(current_setting('gitinsight.as_of', true), '')::timestamptz
  {%- endif -%}
{%- endmacro %}

{#- A list of the settings, in lower case; `default` is what gitinsight/settings.py says, too. -#}
{% macro listed(name, default) -%}
  {%- if model.resource_type == "unit_test" -%}
  string_to_array('{{ default }}', ',')
  {%- else -%}
  string_to_array(
    lower(coalesce(current_setting('gitinsight.{{ name }}', true), '{{ default }}')), ','
  )
  {%- endif -%}
{%- endmacro %}

{% macro production_environments() -%}
  {{ listed("production_environments", "production,prod") }}
{%- endmacro %}

{% macro incident_labels() -%}
  {{ listed("incident_labels", "incident,outage") }}
{%- endmacro %}
