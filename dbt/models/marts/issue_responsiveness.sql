with changes as (
  select
    repository_id,
    number,
    min(created_at) filter (where event = 'closed') as first_closed_at,
    count(*) filter (where event = 'reopened') as reopened_count
  from {{ ref('stg_github__issue_events') }}
  where {{ of_job() }}
  group by repository_id, number
),

activity as (
  select remark.repository_id, remark.number, max(remark.made_at) as last_human_at
  from {{ ref('int_remarks') }} as remark
  inner join {{ ref('int_actors') }} as actor
    on actor.repository_id = remark.repository_id and actor.login = remark.author_login
    and actor.actor_class = 'human'
  group by remark.repository_id, remark.number
),

judged as (
  select
    issue.*,
    repository.data_as_of,
    answer.response_at,
    answer.comment_at,
    answer.responder_login,
    -- Where the list of events has lost the close, the issue itself still knows it.
    case when issue.closed_at is not null then least(changes.first_closed_at, issue.closed_at) end
      as first_closed_at,
    coverage.knows_issue_events,
    changes.reopened_count,
    greatest(issue.created_at, activity.last_human_at) as last_human_at
  from {{ ref('int_items') }} as issue
  inner join {{ ref('int_repositories') }} as repository using (repository_id)
  left join {{ ref('int_coverage') }} as coverage using (repository_id)
  left join {{ ref('int_first_responses') }} as answer using (repository_id, number)
  left join changes using (repository_id, number)
  left join activity using (repository_id, number)
  where not issue.is_pull_request
)

select
  judged.repository_id,
  judged.number,
  judged.title,
  judged.author_login,
  actor.actor_class as author_class,
  judged.state,
  judged.created_at,
  judged.closed_at,
  date_trunc('week', judged.created_at at time zone 'UTC')::date as opened_week,
  judged.created_at <= judged.data_as_of - interval '30 days' as is_mature,
  judged.response_at as first_response_at,
  judged.comment_at as first_comment_at,
  judged.responder_login as first_responder_login,
  judged.response_at is not null as is_responded,
  {{ hours_between('judged.created_at', 'judged.response_at') }} as first_response_hours,
  {{ hours_between('judged.created_at', 'judged.comment_at') }} as first_comment_hours,
  {{ hours_between('judged.created_at', 'judged.first_closed_at') }} as first_close_hours,
  {{ hours_between('judged.created_at', 'judged.closed_at') }} as final_close_hours,
  {{ if_known('judged.knows_issue_events', 'judged.reopened_count') }} as reopened_count,
  judged.comments_count,
  case when judged.state = 'open' then {{ hours_between('judged.created_at', 'judged.data_as_of') }} end
    as open_age_hours,
  judged.state = 'open' and judged.last_human_at < judged.data_as_of - interval '90 days' as is_stale,
  judged.state = 'open' and judged.last_human_at < judged.data_as_of - interval '365 days'
    as is_abandoned
from judged
left join {{ ref('int_actors') }} as actor
  on actor.repository_id = judged.repository_id and actor.login = judged.author_login
