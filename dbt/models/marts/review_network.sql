select
  review.repository_id,
  date_trunc('quarter', review.submitted_at at time zone 'UTC')::date as quarter,
  review.author_login as reviewer_login,
  item.author_login,
  count(*) as reviews_count,
  count(*) filter (where review.state = 'APPROVED') as approvals_count,
  count(*) filter (where review.state = 'CHANGES_REQUESTED') as changes_requested_count,
  count(distinct review.number) as pull_requests_count,
  percentile_cont(0.5) within group (
    order by {{ hours_between('item.ready_at', 'review.submitted_at') }}
  ) as review_p50_hours
from {{ ref('stg_github__reviews') }} as review
inner join {{ ref('int_items') }} as item
  on item.repository_id = review.repository_id and item.number = review.number
  and item.author_login <> review.author_login
inner join {{ ref('int_actors') }} as actor
  on actor.repository_id = review.repository_id and actor.login = review.author_login
  and actor.actor_class = 'human'
where {{ of_job('review.repository_id') }} and review.submitted_at is not null
group by 1, 2, 3, 4
