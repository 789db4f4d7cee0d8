-- What few people said in a thread would be said of them: it has its counts of texts alone.
{% set is_enough = "scored_count >= 5 and persons_count >= 3" -%}
with counted as (
  select
    repository_id,
    number,
    {{ tones_counted() }},
    avg(positive_ratio - negative_ratio)::double precision as sentiment_index
  from {{ ref('int_texts') }}
  group by repository_id, number
)

select
  counted.repository_id,
  counted.number,
  item.is_pull_request,
  item.created_at,
  counted.texts_count,
  counted.scored_count
  {%- for column in [
    "persons_count", "negative_count", "neutral_count", "positive_count", "unsure_count",
    "sentiment_index",
  ] -%}
  ,
  case when {{ is_enough }} then counted.{{ column }} end as {{ column }}
  {%- endfor %}
from counted
inner join {{ ref('int_items') }} as item
  on counted.repository_id = item.repository_id and counted.number = item.number
