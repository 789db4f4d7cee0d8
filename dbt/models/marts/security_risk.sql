-- What looks risky in the files of the default branch: where it stands is told by path and line.
-- Tests are looked at for secrets alone: their own code attacks nobody.
with files as (
  select * from {{ ref('int_code_files') }}
),

-- What ruff takes from bandit, and what is said of workflows.
findings as (
  select
    files.repository_id,
    files.month,
    files.path,
    (one.value ->> 'line')::integer as line_number,
    one.value ->> 'rule' as rule_id,
    one.value ->> 'severity' as severity
  from files
  cross join lateral jsonb_array_elements(files.findings) as one (value)
  where
    not files.is_test
    and (files.kind = 'workflow' or one.value ->> 'rule' ~ '^S[0-9]')
),

secrets as (
  select
    files.repository_id,
    files.month,
    files.path,
    (one.value ->> 'line')::integer as line_number,
    one.value ->> 'kind' as rule_id,
    one.value ->> 'digest' as digest
  from files
  cross join lateral jsonb_array_elements(files.secrets) as one (value)
),

places as (
  select
    repository_id,
    month,
    path,
    line_number,
    rule_id,
    'finding' as what
  from findings
  where severity = 'high'
  union all
  select
    repository_id,
    month,
    path,
    line_number,
    rule_id,
    'secret'
  from secrets
),

numbered as (
  select
    *,
    row_number() over (
      partition by repository_id, month
      order by what desc, path asc, line_number asc, rule_id asc
    ) as place
  from places
),

by_place as (
  select
    repository_id,
    month,
    jsonb_agg(
      jsonb_build_object('what', what, 'rule', rule_id, 'path', path, 'line', line_number)
      order by place
    ) as evidence
  from numbered
  where place <= 100
  group by repository_id, month
),

by_secret as (
  select
    repository_id,
    month,
    count(distinct digest) as secrets_count
  from secrets
  group by repository_id, month
),

by_finding as (
  select
    repository_id,
    month,
    count(*) filter (where severity = 'high') as findings_high_count,
    count(*) filter (where severity = 'medium') as findings_medium_count,
    count(*) filter (where severity = 'low') as findings_low_count,
    count(distinct path) filter (where rule_id in ('dangerous-checkout', 'script-injection'))
      as dangerous_workflows_count,
    count(*) filter (where rule_id = 'unpinned-action') as unpinned_actions_count
  from findings
  group by repository_id, month
),

by_month as (
  select
    repository_id,
    month,
    {{ day_of('max(taken_at)') }} as taken_on,
    count(*) filter (where kind = 'workflow') as workflows_count,
    bool_and(findings is not null or unmeasured is not null)
    filter (where kind = 'Python' and not is_test) as is_linted
  from files
  group by repository_id, month
)

select
  looked.repository_id,
  looked.month,
  looked.taken_on,
  looked.workflows_count,
  coalesce(looked.is_linted, true) as knows_python,
  coalesce(by_secret.secrets_count, 0) as secrets_count,
  coalesce(by_finding.dangerous_workflows_count, 0) as dangerous_workflows_count,
  coalesce(by_finding.unpinned_actions_count, 0) as unpinned_actions_count,
  {{ known_counts("coalesce(looked.is_linted, true)", "by_finding", [
    "findings_high_count", "findings_medium_count", "findings_low_count",
  ]) }},
  coalesce(by_place.evidence, '[]'::jsonb) as evidence
from by_month as looked
left join by_secret
  on looked.repository_id = by_secret.repository_id and looked.month = by_secret.month
left join by_finding
  on looked.repository_id = by_finding.repository_id and looked.month = by_finding.month
left join by_place
  on looked.repository_id = by_place.repository_id and looked.month = by_place.month
