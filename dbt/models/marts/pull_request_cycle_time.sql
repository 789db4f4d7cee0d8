-- The clock of reviews starts when a pull request is ready. The phases of a merged one sum to its
-- cycle: coding + draft + pickup + review.
with judged as (
  select
    pull.*,
    item.author_login as opened_by_login,
    item.created_at as opened_at,
    repository.data_as_of,
    coalesce(pull.merged_at, item.closed_at) as ended_at,
    case
      when pull.is_draft and pull.first_draft_event is null then null
      else least(item.ready_at, coalesce(pull.merged_at, item.closed_at))
    end as ready_at,
    least(pull.first_commit_at, item.created_at) as started_at,
    coverage.knows_reviews,
    answer.response_at,
    answer.responder_login
  from {{ ref('stg_github__pull_requests') }} as pull
  inner join {{ ref('int_items') }} as item
    on item.repository_id = pull.repository_id and item.number = pull.number
  inner join {{ ref('int_repositories') }} as repository
    on repository.repository_id = pull.repository_id
  left join {{ ref('int_coverage') }} as coverage on coverage.repository_id = pull.repository_id
  left join {{ ref('int_first_responses') }} as answer
    on answer.repository_id = pull.repository_id and answer.number = pull.number
  where {{ of_job('pull.repository_id') }}
),

reviewed as (
  select
    review.repository_id,
    review.number,
    count(*) as reviews_count,
    count(distinct review.author_login) filter (
      where actor.actor_class = 'human' and review.author_login <> item.author_login
    ) as reviewers_count,
    count(*) filter (where review.state = 'APPROVED') as approvals_count,
    bool_or(
      actor.actor_class = 'human' and review.author_login <> item.author_login
      and (item.merged_at is null or review.submitted_at <= item.merged_at)
    ) as is_reviewed
  from {{ ref('stg_github__reviews') }} as review
  inner join {{ ref('int_items') }} as item
    on item.repository_id = review.repository_id and item.number = review.number
  left join {{ ref('int_actors') }} as actor
    on actor.repository_id = review.repository_id and actor.login = review.author_login
  where {{ of_job('review.repository_id') }}
  group by review.repository_id, review.number
),

phased as (
  select
    *,
    -- A merge without an answer ends the wait: pickup takes it all, and no review happened.
    least(response_at, ended_at) as answered_at
  from judged
)

select
  phased.repository_id,
  phased.number,
  phased.pull_request_id,
  phased.title,
  phased.opened_by_login as author_login,
  actor.actor_class as author_class,
  case
    when phased.merged_at is not null then 'merged'
    when phased.is_closed then 'closed'
    else 'open'
  end as state,
  phased.is_draft,
  phased.opened_at as created_at,
  phased.ready_at,
  phased.answered_at as first_response_at,
  phased.responder_login as first_responder_login,
  phased.merged_at,
  phased.closed_at,
  date_trunc('week', phased.opened_at at time zone 'UTC')::date as opened_week,
  phased.opened_at <= phased.data_as_of - interval '30 days' as is_mature,
  phased.answered_at is not null as is_responded,
  {{ hours_between('phased.started_at', 'phased.opened_at') }} as coding_hours,
  {{ hours_between('phased.opened_at', 'phased.ready_at') }} as draft_hours,
  {{ hours_between('phased.ready_at', 'coalesce(phased.answered_at, phased.merged_at)') }}
    as pickup_hours,
  {{ hours_between('coalesce(phased.answered_at, phased.merged_at)', 'phased.ended_at') }}
    as review_hours,
  {{ hours_between('phased.started_at', 'phased.merged_at') }} as cycle_hours,
  {{ hours_between('phased.opened_at', 'phased.merged_at') }} as open_to_merge_hours,
  phased.commits_count,
  phased.files_count,
  phased.lines_added_count,
  phased.lines_deleted_count,
  case
    when phased.lines_added_count + phased.lines_deleted_count < 10 then 'XS'
    when phased.lines_added_count + phased.lines_deleted_count < 50 then 'S'
    when phased.lines_added_count + phased.lines_deleted_count < 250 then 'M'
    when phased.lines_added_count + phased.lines_deleted_count < 1000 then 'L'
    when phased.lines_added_count + phased.lines_deleted_count >= 1000 then 'XL'
  end as size_class,
  {{ if_known('phased.knows_reviews', 'reviewed.reviews_count') }} as reviews_count,
  {{ if_known('phased.knows_reviews', 'reviewed.reviewers_count') }} as reviewers_count,
  {{ if_known('phased.knows_reviews', 'reviewed.approvals_count') }} as approvals_count,
  case when phased.merged_at is not null then phased.merged_by_login = phased.opened_by_login end
    as is_self_merged,
  case
    when phased.merged_at is not null and phased.knows_reviews
      then not coalesce(reviewed.is_reviewed, false)
  end as is_unreviewed_merge
from phased
left join reviewed
  on reviewed.repository_id = phased.repository_id and reviewed.number = phased.number
left join {{ ref('int_actors') }} as actor
  on actor.repository_id = phased.repository_id and actor.login = phased.opened_by_login
