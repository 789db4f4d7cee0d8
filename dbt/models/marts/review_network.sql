-- Who reviews whom, among the reviews that humans submitted on what others opened.
with reviews as (
  select
    review.*,
    {{ start_of('quarter', 'review.submitted_at') }} as quarter
  from {{ ref('int_reviews') }} as review
  inner join {{ ref('int_coverage') }} as coverage
    on review.repository_id = coverage.repository_id
  where
    coverage.knows_reviews
    and review.is_by_other_human
    and review.submitted_at is not null
)

select
  repository_id,
  quarter,
  reviewer_login,
  author_login,
  count(*) as reviews_count,
  count(*) filter (where state = 'APPROVED') as approvals_count,
  count(*) filter (where state = 'CHANGES_REQUESTED') as changes_requested_count,
  count(distinct number) as pull_requests_count,
  percentile_cont(0.5) within group (order by review_hours) as review_p50_hours
from reviews
group by repository_id, quarter, reviewer_login, author_login
