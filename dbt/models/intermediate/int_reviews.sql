-- Reviews with whom and what they were about. Nobody reviews themselves, and a bot reviews nobody.
with reviews as (
  select
    review.repository_id,
    review.number,
    review.review_id,
    review.state,
    review.submitted_at,
    coalesce(merged.person, review.author_login) as reviewer_login
  from {{ ref('stg_github__reviews') }} as review
  left join {{ ref('int_aliases') }} as merged on lower(review.author_login) = merged.alias
  where {{ of_job('review.repository_id') }}
)

select
  review.repository_id,
  review.number,
  review.review_id,
  review.reviewer_login,
  item.author_login,
  review.state,
  review.submitted_at,
  review.reviewer_login <> item.author_login as is_by_other,
  review.reviewer_login <> item.author_login and coalesce(actor.actor_class = 'human', false)
    as is_by_other_human,
  review.submitted_at <= item.merged_at as is_before_merge,
  {{ hours_between('item.ready_at', 'review.submitted_at') }} as review_hours
from reviews as review
inner join {{ ref('int_items') }} as item
  on review.repository_id = item.repository_id and review.number = item.number
left join {{ ref('int_actors') }} as actor
  on review.repository_id = actor.repository_id and review.reviewer_login = actor.login
