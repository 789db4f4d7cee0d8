-- What was opened in a week is followed from then on, whenever it is answered or closed; whoever
-- waits still counts, too. Every week of the repository has a row, the empty ones too.
with waits as (
  select
    issue.repository_id,
    issue.opened_week,
    issue.is_responded,
    issue.first_close_hours is not null as is_closed_once,
    coalesce(issue.first_close_hours, issue.open_age_hours) as close_hours,
    coalesce(issue.first_response_at <= repository.data_as_of, false) as is_answered,
    case
      when issue.first_response_at <= repository.data_as_of then issue.first_response_hours
      else coalesce({{ hours_between('issue.created_at', 'repository.data_as_of') }}, 0)
    end as response_hours
  from {{ ref('issue_responsiveness') }} as issue
  inner join {{ ref('int_repositories') }} as repository
    on issue.repository_id = repository.repository_id
),

response_waits as (
  select
    repository_id,
    opened_week,
    response_hours as hours,
    is_answered as is_ended
  from waits
  where is_responded is not null
),

close_waits as (
  select
    waits.repository_id,
    waits.opened_week,
    waits.close_hours as hours,
    waits.is_closed_once as is_ended
  from waits
  inner join {{ ref('int_coverage') }} as coverage
    on waits.repository_id = coverage.repository_id and coverage.knows_issue_events
  where waits.close_hours is not null
),

responses as (
  {{ waits_by_week("response_waits", "first_response") }}
),

closes as (
  {{ waits_by_week("close_waits", "first_close") }}
),

opened as (
  select
    repository_id,
    opened_week,
    count(*) as opened_count,
    count(*) filter (where is_responded) as responded_count,
    count(*) filter (where state = 'open') as open_count,
    avg(is_stale::integer) filter (where state = 'open')::double precision as stale_ratio
  from {{ ref('issue_responsiveness') }}
  group by repository_id, opened_week
),

backlog as (
  {{ backlog_by_week("not span.is_pull_request") }}
)

select
  weekly.repository_id,
  weekly.iso_week as opened_week,
  weekly.iso_week + 7 <= {{ day_of("(repository.data_as_of - interval '30 days')") }} as is_mature,
  coalesce(opened.opened_count, 0) as opened_count,
  {{ if_known('coverage.knows_issue_responses', 'opened.responded_count') }} as responded_count,
  {{ if_known('coverage.knows_issue_responses', 'responses.first_response_censored_count') }}
    as first_response_censored_count,
  responses.first_response_p50_hours,
  responses.first_response_p75_hours,
  responses.first_response_p90_hours,
  responses.first_response_km_p50_hours,
  responses.first_response_within_48_hours_ratio,
  {{ if_known('coverage.knows_issue_events', 'closes.first_close_censored_count') }}
    as first_close_censored_count,
  closes.first_close_p50_hours,
  closes.first_close_p75_hours,
  closes.first_close_p90_hours,
  closes.first_close_km_p50_hours,
  coalesce(opened.open_count, 0) as open_count,
  opened.stale_ratio,
  weekly.issues_open_eow_count as backlog_count,
  case when coverage.knows_issue_events then backlog.backlog_age_p50_hours end
    as backlog_age_p50_hours,
  weekly.issues_closed_count::double precision / nullif(weekly.issues_opened_count, 0)
    as closure_ratio
{{ from_weeks("knows_issues", ["opened", "responses", "closes"]) }}
