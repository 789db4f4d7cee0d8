-- The clock of reviews starts when a pull request is ready. The phases of a merged one sum to its
-- cycle: coding + draft + pickup + review.
with judged as (
  select
    pull.*,
    item.author_login as opened_by_login,
    item.merged_by_login as merger_login,
    item.created_at as opened_at,
    repository.data_as_of,
    coverage.knows_reviews,
    coverage.knows_commits,
    coverage.knows_pull_request_commits,
    coverage.knows_pull_request_responses as knows_responses,
    answer.responder_login,
    case when coverage.knows_remarks then answer.comment_at end as comment_at,
    coalesce(pull.merged_at, item.closed_at) as ended_at,
    case
      -- A draft that was never called ready stays one until its end.
      when pull.is_draft and coalesce(pull.draft_events_count, 0) = 0
        then coalesce(pull.merged_at, item.closed_at)
      else least(item.ready_at, pull.merged_at, item.closed_at)
    end as ready_at,
    least(pull.first_commit_at, item.created_at) as started_at,
    {{ if_known(
      "pull.files_count = coalesce(by_hand.files_count, 0)", "by_hand.lines_handwritten_count"
    ) }} as lines_handwritten_count,
    case when coverage.knows_pull_request_responses then answer.response_at end as response_at
  from {{ ref('stg_github__pull_requests') }} as pull
  inner join {{ ref('int_items') }} as item
    on pull.repository_id = item.repository_id and pull.number = item.number
  inner join {{ ref('int_repositories') }} as repository
    on pull.repository_id = repository.repository_id
  left join {{ ref('int_coverage') }} as coverage on pull.repository_id = coverage.repository_id
  left join {{ ref('int_pull_request_lines') }} as by_hand
    on pull.repository_id = by_hand.repository_id and pull.number = by_hand.number
  left join {{ ref('int_first_responses') }} as answer
    on pull.repository_id = answer.repository_id and pull.number = answer.number
  where {{ of_job('pull.repository_id') }}
),

phased as (
  select
    *,
    -- What is said before it is ready or after the end is no part of the wait or of the review. A
    -- merge without an answer ends the wait: pickup takes it all, and no review happened.
    case
      when not knows_responses then null
      when response_at is not null then greatest(ready_at, least(response_at, ended_at))
      else merged_at
    end as picked_up_at
  from judged
),

-- A phase does not count the time for which it was a draft again.
drafted as (
  select
    phased.repository_id,
    phased.number,
    {% for name, start, finish in [
      ("draft", "draft.started_at", "draft.ended_at"),
      ("draft_pickup", "phased.ready_at", "phased.picked_up_at"),
      ("draft_review", "phased.picked_up_at", "phased.ended_at"),
    ] -%}
  sum(
      {{ hours_between(
        "greatest(draft.started_at, " ~ start ~ ")", "least(draft.ended_at, " ~ finish ~ ")"
      ) }}
  ) as {{ name }}_hours{{ "," if not loop.last }}
  {% endfor -%}
  from phased
  inner join {{ ref('int_draft_intervals') }} as draft
    on phased.repository_id = draft.repository_id and phased.number = draft.number
  group by phased.repository_id, phased.number
),

reviewed as (
  select
    repository_id,
    number,
    count(*) as reviews_count,
    count(*) filter (where is_by_other_human) as reviews_by_others_count,
    count(distinct reviewer_login) filter (where is_by_other_human) as reviewers_count,
    count(*) filter (where is_by_other_human and state = 'APPROVED') as approvals_count,
    bool_or(
      is_by_other_human
      and is_before_merge
      and state in ('APPROVED', 'CHANGES_REQUESTED', 'COMMENTED')
    ) as is_reviewed
  from {{ ref('int_reviews') }}
  where submitted_at is not null
  group by repository_id, number
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
  phased.response_at as first_response_at,
  case when phased.response_at is not null then phased.responder_login end
    as first_responder_login,
  phased.comment_at as first_comment_at,
  phased.merged_at,
  phased.closed_at,
  {{ start_of('week', 'phased.opened_at') }} as opened_week,
  phased.opened_at <= phased.data_as_of - interval '30 days' as is_mature,
  case when phased.knows_responses then phased.response_at is not null end as is_responded,
  case
    when phased.response_at is not null
      then
        {{ hours_between('phased.ready_at', 'greatest(phased.ready_at, phased.response_at)') }}
  end
    as first_response_hours,
  case
    when phased.comment_at is not null
      then
        {{ hours_between('phased.ready_at', 'greatest(phased.ready_at, phased.comment_at)') }}
  end
    as first_comment_hours,
  {{ hours_between('phased.first_commit_at', 'phased.opened_at') }} as coding_hours,
  coalesce(drafted.draft_hours, 0) as draft_hours,
  {{ hours_between('phased.ready_at', 'phased.picked_up_at') }}
  - coalesce(drafted.draft_pickup_hours, 0) as pickup_hours,
  {{ hours_between('phased.picked_up_at', 'phased.ended_at') }}
  - coalesce(drafted.draft_review_hours, 0) as review_hours,
  case
    when phased.first_commit_at is not null
      then {{ hours_between('phased.started_at', 'phased.merged_at') }}
  end as cycle_hours,
  {{ hours_between('phased.opened_at', 'phased.merged_at') }} as open_to_merge_hours,
  phased.commits_count,
  phased.files_count,
  phased.lines_added_count,
  phased.lines_deleted_count,
  phased.lines_handwritten_count,
  case
    when phased.lines_handwritten_count < 10 then 'XS'
    when phased.lines_handwritten_count < 50 then 'S'
    when phased.lines_handwritten_count < 250 then 'M'
    when phased.lines_handwritten_count < 1000 then 'L'
    when phased.lines_handwritten_count >= 1000 then 'XL'
  end as size_class,
  {{ known_counts("phased.knows_reviews", "reviewed", [
    "reviews_count", "reviews_by_others_count", "reviewers_count", "approvals_count",
  ]) }},
  {{ if_known(
    "phased.knows_reviews and phased.knows_pull_request_commits", "rounds.review_rounds_count"
  ) }} as review_rounds_count,
  case
    when phased.knows_commits and phased.is_closed and phased.merged_at is null
      then coalesce(landing.landed_at >= phased.opened_at, false)
  end as is_landed_by_push,
  case when phased.merged_at is not null then phased.merger_login = phased.opened_by_login end
    as is_self_merged,
  case
    when phased.merged_at is not null and phased.knows_reviews
      then not coalesce(reviewed.is_reviewed, false)
  end as is_unreviewed_merge
from phased
left join reviewed
  on phased.repository_id = reviewed.repository_id and phased.number = reviewed.number
left join drafted
  on phased.repository_id = drafted.repository_id and phased.number = drafted.number
left join {{ ref('int_review_rounds') }} as rounds
  on phased.repository_id = rounds.repository_id and phased.number = rounds.number
left join {{ ref('int_landings') }} as landing
  on phased.repository_id = landing.repository_id and phased.number = landing.number
left join {{ ref('int_actors') }} as actor
  on phased.repository_id = actor.repository_id and phased.opened_by_login = actor.login
