{% test unique_combination(model, columns) %}
select {{ columns | join(", ") }}, count(*) as rows_count
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1
{% endtest %}

{% test non_negative(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} < 0
{% endtest %}

{% test expression_is_true(model, expression, where="true") %}
select *
from {{ model }}
where {{ where }} and not coalesce({{ expression }}, false)
{% endtest %}

{#- Nothing is dated after the instant that the figures describe, but for a day of clock skew. -#}
{% test not_future(model, column_name) %}
select tested.*
from {{ model }} as tested
inner join {{ ref('int_repositories') }} as repository using (repository_id)
where tested.{{ column_name }} > repository.data_as_of + interval '1 day'
{% endtest %}

{#- The sum of a column equals a count held elsewhere, repository by repository. -#}
{% test sum_equals(model, column_name, other, other_column, where="true") %}
select *
from (
  select repository_id, sum({{ column_name }}) as total
  from {{ model }} where {{ where }} group by repository_id
) as ours
inner join {{ other }} as theirs using (repository_id)
where theirs.{{ other_column }} is not null and ours.total is distinct from theirs.{{ other_column }}
{% endtest %}

{#- One row per day without a gap. -#}
{% test dense_spine(model, column_name) %}
select repository_id
from {{ model }}
group by repository_id
having count(*) <> max({{ column_name }}) - min({{ column_name }}) + 1
{% endtest %}
