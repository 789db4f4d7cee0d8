-- Who carries the reviews of a month: those that humans submitted on what others opened.
with loads as (
  select
    review.repository_id,
    {{ start_of('month', 'review.submitted_at') }} as month,
    review.reviewer_login,
    count(*) as reviews_count,
    count(distinct review.number) as pull_requests_count,
    percentile_cont(0.5) within group (order by review.review_hours) as review_p50_hours
  from {{ ref('int_reviews') }} as review
  inner join {{ ref('int_coverage') }} as coverage
    on review.repository_id = coverage.repository_id
  where
    coverage.knows_reviews
    and review.is_by_other_human
    and review.submitted_at is not null
  group by review.repository_id, month, review.reviewer_login
),

ranked as (
  select
    repository_id,
    month,
    reviews_count,
    row_number() over (
      partition by repository_id, month order by reviews_count, reviewer_login
    ) as place
  from loads
),

months as (
  select
    repository_id,
    month,
    sum(reviews_count) as reviews_count,
    {{ gini_of('reviews_count', 'place') }} as gini_ratio
  from ranked
  group by repository_id, month
)

select
  loads.repository_id,
  loads.month,
  loads.reviewer_login,
  loads.reviews_count,
  loads.pull_requests_count,
  months.gini_ratio,
  loads.review_p50_hours,
  (loads.reviews_count / months.reviews_count)::double precision as reviews_ratio
from loads
inner join months
  on loads.repository_id = months.repository_id and loads.month = months.month
