with changes as (
  select
    repository_id,
    number,
    min(started_at) filter (where state = 'closed') as first_closed_at,
    count(*) filter (where state = 'open' and interval_number > 1) as reopened_count,
    sum(extract(epoch from ended_at - started_at)::double precision / 3600)
    filter (where state = 'open') as open_hours
  from {{ ref('int_issue_state_intervals') }}
  group by repository_id, number
),

-- Being mentioned is nothing that somebody did, and nor is the subscription that follows from it.
acts as (
  select
    repository_id,
    number,
    author_login as login,
    made_at
  from {{ ref('int_remarks') }}
  union all
  select
    event.repository_id,
    event.number,
    coalesce(merged.person, event.actor_login),
    event.created_at
  from {{ ref('stg_github__issue_events') }} as event
  left join {{ ref('int_aliases') }} as merged on lower(event.actor_login) = merged.alias
  where
    {{ of_job('event.repository_id') }}
    and event.event not in ('mentioned', 'subscribed', 'unsubscribed')
),

activity as (
  select
    act.repository_id,
    act.number,
    max(act.made_at) as last_human_at
  from acts as act
  inner join {{ ref('int_actors') }} as actor
    on
      act.repository_id = actor.repository_id
      and act.login = actor.login
      and actor.actor_class = 'human'
  group by act.repository_id, act.number
),

judged as (
  select
    issue.*,
    repository.data_as_of,
    coverage.knows_issue_events,
    coverage.knows_issue_responses as knows_responses,
    changes.reopened_count,
    case when coverage.knows_issue_responses then answer.response_at end as response_at,
    case when coverage.knows_issue_comments then answer.comment_at end as comment_at,
    case when coverage.knows_issue_responses then answer.responder_login end as responder_login,
    case when coverage.knows_issue_events then changes.first_closed_at end as first_closed_at,
    case when coverage.knows_issue_events then changes.open_hours end as open_hours,
    case
      when coverage.knows_issue_responses then greatest(issue.created_at, activity.last_human_at)
    end as last_human_at
  from {{ ref('int_items') }} as issue
  inner join {{ ref('int_repositories') }} as repository
    on issue.repository_id = repository.repository_id
  left join {{ ref('int_coverage') }} as coverage on issue.repository_id = coverage.repository_id
  left join {{ ref('int_first_responses') }} as answer
    on issue.repository_id = answer.repository_id and issue.number = answer.number
  left join changes
    on issue.repository_id = changes.repository_id and issue.number = changes.number
  left join activity
    on issue.repository_id = activity.repository_id and issue.number = activity.number
  where not issue.is_pull_request
)

select
  judged.repository_id,
  judged.number,
  judged.title,
  judged.author_login,
  actor.actor_class as author_class,
  judged.state,
  judged.state_reason,
  judged.created_at,
  judged.closed_at,
  {{ start_of('week', 'judged.created_at') }} as opened_week,
  judged.created_at <= judged.data_as_of - interval '30 days' as is_mature,
  judged.response_at as first_response_at,
  judged.comment_at as first_comment_at,
  judged.responder_login as first_responder_login,
  case when judged.knows_responses then judged.response_at is not null end as is_responded,
  {{ hours_between('judged.created_at', 'judged.response_at') }} as first_response_hours,
  {{ hours_between('judged.created_at', 'judged.comment_at') }} as first_comment_hours,
  {{ hours_between('judged.created_at', 'judged.first_closed_at') }} as first_close_hours,
  {{ hours_between('judged.created_at', 'judged.closed_at') }} as final_close_hours,
  judged.open_hours,
  {{ if_known('judged.knows_issue_events', 'judged.reopened_count') }} as reopened_count,
  judged.comments_count,
  case
    when judged.state = 'open' then {{ hours_between('judged.created_at', 'judged.data_as_of') }}
  end as open_age_hours,
  judged.state = 'open' and judged.last_human_at < judged.data_as_of - interval '90 days'
    as is_stale,
  judged.state = 'open' and judged.last_human_at < judged.data_as_of - interval '365 days'
    as is_abandoned
from judged
left join {{ ref('int_actors') }} as actor
  on judged.repository_id = actor.repository_id and judged.author_login = actor.login
