-- GraphQL drops the suffix from most logins of apps; the app's id tells which login REST uses.
select
  review.repository_id,
  review.id as review_id,
  (review.payload ->> 'pullRequestNumber')::integer as number,
  review.payload ->> 'state' as state,
  coalesce(app.login, {{ login_of("(review.payload -> 'author')") }}) as author_login,
  (review.payload ->> 'submittedAt')::timestamptz as submitted_at,
  {{ digest_of("nullif(review.payload ->> 'body', '')") }} as text_digest
from {{ source('raw', 'github_reviews') }} as review
left join {{ ref('stg_github__users') }} as app
  on
    review.repository_id = app.repository_id
    and (review.payload -> 'author' ->> 'databaseId')::bigint = app.user_id
    and app.actor_type = 'Bot'
where review.deleted_at is null
