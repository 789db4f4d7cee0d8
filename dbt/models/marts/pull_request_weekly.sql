-- What was opened in a week is followed from then on, whenever it is answered or merged; whoever
-- waits still counts, too. Every week of the repository has a row, the empty ones too.
with response_waits as (
  select
    pull.repository_id,
    pull.opened_week,
    coalesce(pull.first_response_at <= repository.data_as_of, false) as is_ended,
    case
      when pull.first_response_at <= repository.data_as_of then pull.first_response_hours
      else coalesce({{ hours_between('pull.ready_at', 'repository.data_as_of') }}, 0)
    end as hours
  from {{ ref('pull_request_cycle_time') }} as pull
  inner join {{ ref('int_repositories') }} as repository
    on pull.repository_id = repository.repository_id
  -- Nobody has been asked to answer a draft.
  where pull.is_responded is not null and pull.ready_at is not null
),

responses as (
  {{ waits_by_week("response_waits", "first_response") }}
),

opened as (
  select
    repository_id,
    opened_week,
    count(*) as opened_count,
    count(*) filter (where is_responded) as responded_count,
    count(*) filter (where state = 'open') as open_count,
    count(*) filter (where state = 'merged') as merged_count,
    count(*) filter (where state = 'closed') as closed_unmerged_count,
    {{ percentiles("cycle") }},
    {{ percentiles("open_to_merge") }}
  from {{ ref('pull_request_cycle_time') }}
  group by repository_id, opened_week
),

backlog as (
  {{ backlog_by_week("item.has_pull_request") }}
)

select
  weekly.repository_id,
  weekly.iso_week as opened_week,
  weekly.iso_week + 7 <= {{ day_of("(repository.data_as_of - interval '30 days')") }} as is_mature,
  coalesce(opened.opened_count, 0) as opened_count,
  {{ if_known('coverage.knows_pull_request_responses', 'opened.responded_count') }}
    as responded_count,
  {{ if_known(
    'coverage.knows_pull_request_responses', 'responses.first_response_censored_count'
  ) }} as first_response_censored_count,
  responses.first_response_p50_hours,
  responses.first_response_p75_hours,
  responses.first_response_p90_hours,
  responses.first_response_km_p50_hours,
  responses.first_response_within_48_hours_ratio,
  coalesce(opened.open_count, 0) as open_count,
  coalesce(opened.merged_count, 0) as merged_count,
  coalesce(opened.closed_unmerged_count, 0) as closed_unmerged_count,
  opened.cycle_p50_hours,
  opened.cycle_p75_hours,
  opened.cycle_p90_hours,
  opened.open_to_merge_p50_hours,
  opened.open_to_merge_p75_hours,
  opened.open_to_merge_p90_hours,
  weekly.pull_requests_open_eow_count as backlog_count,
  case when coverage.knows_issue_events then backlog.backlog_age_p50_hours end
    as backlog_age_p50_hours,
  weekly.pull_requests_merged_count::double precision / nullif(weekly.pull_requests_closed_count, 0)
    as acceptance_ratio,
  weekly.pull_requests_closed_count::double precision / nullif(weekly.pull_requests_opened_count, 0)
    as closure_ratio
{{ from_weeks("knows_pull_requests", ["opened", "responses"]) }}
