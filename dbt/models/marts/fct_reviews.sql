-- Reviews one by one, as they were submitted; one that is being written yet is none.
select
  review.repository_id,
  review.review_id,
  review.number,
  review.reviewer_login,
  actor.actor_class as reviewer_class,
  review.author_login,
  review.state,
  review.submitted_at,
  review.review_hours,
  review.is_by_other,
  review.is_by_other_human,
  review.is_before_merge
from {{ ref('int_reviews') }} as review
left join {{ ref('int_actors') }} as actor
  on review.repository_id = actor.repository_id and review.reviewer_login = actor.login
where review.submitted_at is not null
