-- What is said of few texts, or of few people, would be said of somebody: such a day or week has
-- its counts of texts alone. Sums are of numeric, so that their order does not matter.
{% set z = 1.96 -%}
{% set is_enough = "scored_count >= 20 and persons_count >= 3" -%}
with spans as (
  select
    written.repository_id,
    span.every,
    span.starts_on,
    written.author_login,
    written.label,
    written.negative_ratio,
    written.positive_ratio - written.negative_ratio as balance
  from {{ ref('int_texts') }} as written
  cross join lateral (
    values
    ('day', {{ day_of('written.made_at') }}), ('week', {{ start_of('week', 'written.made_at') }})
  ) as span (every, starts_on)
),

counted as (
  select
    repository_id,
    every,
    starts_on,
    {{ tones_counted() }},
    avg(balance)::double precision as balance,
    {{ z }} * (stddev_samp(balance) / sqrt(nullif(count(label), 0)))::double precision as reach,
    count(*) filter (where label = 'negative')::double precision / nullif(count(label), 0)
      as negative_ratio
  from spans
  group by repository_id, every, starts_on
)

select
  repository_id,
  every,
  starts_on,
  texts_count,
  scored_count,
  texts_count - scored_count as unscored_count,
  {% for column in [
    "persons_count", "negative_count", "neutral_count", "positive_count", "unsure_count",
  ] -%}
  case when {{ is_enough }} then {{ column }} end as {{ column }},
  {% endfor -%}
  case when {{ is_enough }} then balance end as sentiment_index,
  case when {{ is_enough }} then greatest(balance - reach, -1) end as sentiment_low_index,
  case when {{ is_enough }} then least(balance + reach, 1) end as sentiment_high_index,
  case when {{ is_enough }} then negative_ratio end as negative_ratio,
  -- Of none or of all, the interval ends with the share, and not a rounding error beyond it.
  case
    when {{ is_enough }}
      then
        greatest(
          least({{ wilson("negative_ratio", "scored_count", z, "-") }}, negative_ratio), 0
        )
  end as negative_low_ratio,
  case
    when {{ is_enough }}
      then
        least(
          greatest({{ wilson("negative_ratio", "scored_count", z, "+") }}, negative_ratio), 1
        )
  end as negative_high_ratio
from counted
