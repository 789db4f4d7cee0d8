-- How often another human requested changes, commits followed, and another review after them.
-- Commits that no review came between are one push.
with reviews as (
  select
    repository_id,
    number,
    state,
    submitted_at,
    row_number() over (
      partition by repository_id, number
      order by submitted_at, review_id
    ) as place,
    count(*) over (partition by repository_id, number) as reviews_count
  from {{ ref('int_reviews') }}
  where is_by_other_human and submitted_at is not null
),

pushes as (
  select
    review.repository_id,
    review.number,
    pushed.pull_request_commit_id,
    max(review.reviews_count) as reviews_count,
    max(review.place) as reviews_before
  from reviews as review
  inner join {{ ref('stg_github__pull_request_commits') }} as pushed
    on
      review.repository_id = pushed.repository_id
      and review.number = pushed.number
      and review.submitted_at < pushed.committed_at
  where {{ of_job('pushed.repository_id') }}
  group by review.repository_id, review.number, pushed.pull_request_commit_id
),

batches as (
  select
    repository_id,
    number,
    reviews_before,
    lag(reviews_before, 1, 0::bigint) over (
      partition by repository_id, number
      order by reviews_before
    ) as reviews_before_the_last
  from pushes
  where reviews_before < reviews_count
  group by repository_id, number, reviews_before
)

select
  batch.repository_id,
  batch.number,
  count(distinct batch.reviews_before) as review_rounds_count
from batches as batch
inner join reviews as review
  on
    batch.repository_id = review.repository_id
    and batch.number = review.number
    and batch.reviews_before_the_last < review.place
    and batch.reviews_before >= review.place
    and review.state = 'CHANGES_REQUESTED'
group by batch.repository_id, batch.number
