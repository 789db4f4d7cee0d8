{#- Tests that take lists: every node costs a job its twentieth of a second. -#}

{% test unique_combination(model, columns) %}
select {{ columns | join(", ") }}, count(*) as rows_count
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1
{% endtest %}

{% test present(model, columns) %}
select *
from {{ model }}
where num_nulls({{ columns | join(", ") }}) > 0
{% endtest %}

{% test non_negative(model, columns) %}
select *
from {{ model }}
where least({{ columns | join(", ") }}) < 0
{% endtest %}

{#- Between 0 and 1. -#}
{% test ratio(model, columns) %}
select *
from {{ model }}
where least({{ columns | join(", ") }}) < 0 or greatest({{ columns | join(", ") }}) > 1
{% endtest %}

{#- Of every row, or of those that the test's own `where` leaves. -#}
{% test expression_is_true(model, expression) %}
select *
from {{ model }}
where not coalesce({{ expression }}, false)
{% endtest %}

{#- Nothing is dated after the instant that the figures describe, but for a day of clock skew. -#}
{% test not_future(model, columns) %}
select tested.*
from {{ model }} as tested
inner join {{ ref('int_repositories') }} as repository using (repository_id)
where greatest(tested.{{ columns | join(", tested.") }}) > repository.data_as_of + interval '1 day'
{% endtest %}

{#- What a row names is there. `columns`: name here -> name there; rows that name nothing pass. -#}
{% test references(model, to, columns) %}
select ours.*
from {{ model }} as ours
where num_nulls(ours.{{ columns | join(", ours.") }}) = 0 and not exists (
  select 1 from {{ to }} as theirs
  where {% for here, there in columns.items() -%}
    {{ "and " if not loop.first }}theirs.{{ there }} = ours.{{ here }}
  {% endfor %}
)
{% endtest %}

{#-
  Sums of this model equal sums of another one, repository by repository. `sums`: expression here ->
  expression there. What is not known there is not compared.
-#}
{% test sums_equal(model, other, sums, other_where="true") %}
select theirs.repository_id, compared.*
from (
  select
    repository_id
    {%- for there in sums.values() %}, sum({{ there }}) as sum_{{ loop.index }}{% endfor %}
  from {{ other }} where {{ other_where }} group by repository_id
) as theirs
left join (
  select
    repository_id
    {%- for here in sums %}, sum({{ here }}) as sum_{{ loop.index }}{% endfor %}
  from {{ model }} group by repository_id
) as ours on ours.repository_id = theirs.repository_id
cross join lateral (
  values
  {%- for here in sums %}
    (
      {{ dbt.string_literal(dbt.escape_single_quotes(here)) }},
      coalesce(ours.sum_{{ loop.index }}, 0), theirs.sum_{{ loop.index }}
    ){{ "," if not loop.last }}
  {%- endfor %}
) as compared (what, sum_here, sum_there)
where compared.sum_there is not null and compared.sum_here <> compared.sum_there
{% endtest %}

{#- One row per day without a gap. -#}
{% test dense_spine(model, column_name) %}
select repository_id
from {{ model }}
group by repository_id
having count(*) <> max({{ column_name }}) - min({{ column_name }}) + 1
{% endtest %}

{#- A column holds nothing but these values. `values`: column -> list; null passes. -#}
{% test allowed(model, values) %}
select *
from {{ model }}
where
  {%- for column, known in values.items() %}
  {{ "or " if not loop.first }}{{ column }}::text not in (
    {%- for value in known %}{{ dbt.string_literal(value) }}{{ ", " if not loop.last }}{% endfor -%}
  )
  {%- endfor %}
{% endtest %}

{#- Shares of one whole: they sum to 1 within each group. -#}
{% test sums_to_one(model, column, group) %}
select {{ group | join(", ") }}, sum({{ column }}) as whole
from {{ model }}
group by {{ group | join(", ") }}
having abs(sum({{ column }}) - 1) > 1e-9
{% endtest %}

{#-
  Each row that `evidence` names, by mart and key, is there. `keys`: the name of each mart -> the
  columns of its keys. Keys are compared by hash: a mart is read once, not once for each sentence.
-#}
{% test evidence_is_there(model, marts, keys) %}
with held as (
  {%- for mart in marts %}
  select repository_id, '{{ mart.identifier }}' as mart, jsonb_build_object(
    {%- for column in keys[mart.identifier] %}
    '{{ column }}', {{ column }}{{ "," if not loop.last }}
    {%- endfor %}
  ) as row_key
  from {{ mart }}
  {{ "union all" if not loop.last }}
  {%- endfor %}
)
select told.repository_id, told.template_id, told.subject, one.value
from {{ model }} as told
cross join lateral jsonb_array_elements(told.evidence) as one (value)
where not exists (
  select 1 from held
  where held.repository_id = told.repository_id
    and held.mart = one.value ->> 'mart'
    and held.row_key = one.value -> 'key'
)
{% endtest %}
