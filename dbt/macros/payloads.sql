{#- What GitHub's counters say of a repository, out of its object. -#}
{% macro repository_counters() -%}
  (payload ->> 'stargazers_count')::bigint as stargazers_count,
  (payload ->> 'forks_count')::bigint as forks_count,
  (payload ->> 'subscribers_count')::bigint as subscribers_count
{%- endmacro %}

{#- What a community profile says; null where it does not speak of a file. -#}
{% macro profile_columns() -%}
  (payload ->> 'health_percentage')::double precision / 100 as profile_ratio,
  nullif(payload #>> '{files,license,spdx_id}', 'NOASSERTION') as license_spdx,
  {%- for file in ["readme", "license", "contributing", "issue_template",
                   "pull_request_template"] %}
  jsonb_typeof(payload #> '{files,{{ file }}}') = 'object' as has_{{ file }},
  {%- endfor %}
  jsonb_typeof(payload #> '{files,code_of_conduct}') = 'object'
  or jsonb_typeof(payload #> '{files,code_of_conduct_file}') = 'object' as has_code_of_conduct
{%- endmacro %}

{#- What `insights.text_tone` knows a text by; warehouse/tones.py makes the same. -#}
{% macro digest_of(text) -%}
  sha256(convert_to({{ text }}, 'UTF8'))
{%- endmacro %}
