-- GraphQL drops the suffix from most logins of apps; the account's id tells which login REST uses.
select
  review.repository_id,
  review.id as review_id,
  (review.payload ->> 'pullRequestNumber')::integer as number,
  review.payload ->> 'state' as state,
  coalesce(account.login, {{ login_of("(review.payload -> 'author')") }}) as author_login,
  (review.payload ->> 'submittedAt')::timestamptz as submitted_at
from {{ source('raw', 'github_reviews') }} as review
left join {{ ref('stg_github__users') }} as account
  on account.repository_id = review.repository_id
  and account.user_id = (review.payload -> 'author' ->> 'databaseId')::bigint
  and account.actor_type = 'Bot'
where review.deleted_at is null
