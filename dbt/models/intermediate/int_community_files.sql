-- Which files of a community lie at the head of the default branch, told from the commits alone.
-- Along the first parents from the head, each commit compared with the one before it, the last one
-- that touched a path says whether it is there: it is where lines were added or where it was
-- renamed to, it is not where it was renamed from, and where lines were taken away it is if some
-- are left of all that were ever added. Where that cannot be told it is null.
{%- set folders = "^([.]github/|docs/)?" %}
{%- set kinds = {
  "readme": folders ~ "readme([.][^/]*)?$",
  "license": "^((licen[sc]e|copying|unlicense)([-._][^/]*)?|licenses/[^/]+)$",
  "contributing": folders ~ "contributing([.][^/]*)?$",
  "code_of_conduct": folders ~ "code[-_]of[-_]conduct([.][^/]*)?$",
  "security_policy": folders ~ "security([.][^/]*)?$",
  "issue_template":
    folders ~ "issue_template([.][^/]*|/(?!config[.]ya?ml$)[^/]+)?$",
  "pull_request_template": folders ~ "pull_request_template([.][^/]*|/[^/]+)?$",
  "codeowners": folders ~ "codeowners$",
  "dependency_updates":
    "^([.]github/dependabot[.]ya?ml|([.]github/|[.]gitlab/)?renovate[.]json5?"
    ~ "|[.]renovaterc([.]json5?)?)$",
} %}
with chain as (
  select
    line.repository_id,
    line.sha,
    line.distance
  from {{ ref('int_first_parents') }} as line
  inner join {{ ref('int_coverage') }} as coverage
    on line.repository_id = coverage.repository_id and coverage.knows_commits
),

-- A commit that is not held, or whose files are not told, leaves what it touched unknown.
wholeness as (
  select
    chain.repository_id,
    bool_and(made.files_count is not null) as is_whole
  from chain
  left join {{ ref('stg_git__commits') }} as made
    on
      chain.repository_id = made.repository_id
      and chain.sha = made.sha
      and {{ of_job('made.repository_id') }}
  group by chain.repository_id
),

kinds as (
  {% for kind, pattern in kinds.items() %}
  select
    '{{ kind }}' as kind,
    '{{ pattern }}' as pattern
  {{ "union all" if not loop.last }}
  {% endfor %}
),

touched as (
  select
    changed.repository_id,
    changed.path,
    chain.distance,
    false as is_left,
    changed.previous_path is not null as is_renamed,
    changed.lines_added_count,
    changed.lines_deleted_count
  from {{ ref('stg_git__commit_files') }} as changed
  inner join chain on changed.repository_id = chain.repository_id and changed.sha = chain.sha
  where
    {{ of_job('changed.repository_id') }}
    and lower(changed.path) ~ '{{ kinds.values() | join("|") }}'
  union all
  select
    changed.repository_id,
    changed.previous_path,
    chain.distance,
    true,
    true,
    0,
    0
  from {{ ref('stg_git__commit_files') }} as changed
  inner join chain on changed.repository_id = chain.repository_id and changed.sha = chain.sha
  where
    {{ of_job('changed.repository_id') }}
    and lower(changed.previous_path) ~ '{{ kinds.values() | join("|") }}'
),

-- One commit can rename a file away and put another one in its place: then it is there.
last_touched as (
  select distinct on (repository_id, path)
    repository_id,
    path,
    is_left,
    is_renamed,
    lines_added_count,
    bool_or(is_renamed or lines_added_count is null) over whole_path as is_untold,
    sum(lines_added_count - lines_deleted_count) over whole_path as lines_count
  from touched
  window whole_path as (partition by repository_id, path)
  order by repository_id asc, path asc, distance asc, is_left asc
),

paths as (
  select
    repository_id,
    path,
    case
      when is_left then false
      when lines_added_count > 0 or is_renamed then true
      when not is_untold then lines_count > 0
    end as is_there
  from last_touched
)

select
  wholeness.repository_id,
  kinds.kind,
  case
    when not wholeness.is_whole then null
    when bool_or(paths.is_there) then true
    when count(*) filter (where paths.path is not null and paths.is_there is null) = 0 then false
  end as is_there
from wholeness
cross join kinds
left join paths
  on wholeness.repository_id = paths.repository_id and lower(paths.path) ~ kinds.pattern
group by wholeness.repository_id, wholeness.is_whole, kinds.kind
