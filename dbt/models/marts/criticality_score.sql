-- The criticality score of the OpenSSF by its original parameters (original_pike). Each is a share
-- of its ceiling on a logarithmic scale, log(1 + min(value, ceiling)) / log(1 + ceiling); where
-- less is more, the value is what it lacks to its ceiling. The score is their mean by weight; what
-- is not known is left out, as its own scorer does.
with commits as (
  select
    made.repository_id,
    count(distinct made.person) as contributors_count,
    max(made.committed_at) as last_at,
    count(*) filter (where made.committed_at > repository.data_as_of - interval '365 days')
      as recent_count
  from {{ ref('int_commits') }} as made
  inner join {{ ref('int_repositories') }} as repository
    on made.repository_id = repository.repository_id
  group by made.repository_id
),

releases as (
  select
    made.repository_id,
    count(*) as recent_count
  from {{ ref('release_cadence') }} as made
  inner join {{ ref('int_repositories') }} as repository
    on made.repository_id = repository.repository_id
  where made.released_at > repository.data_as_of - interval '365 days'
  group by made.repository_id
),

items as (
  select
    item.repository_id,
    count(*) filter (where item.updated_at > repository.data_as_of - interval '90 days')
      as updated_count,
    count(*) filter (where item.closed_at > repository.data_as_of - interval '90 days')
      as closed_count
  from {{ ref('int_items') }} as item
  inner join {{ ref('int_repositories') }} as repository
    on item.repository_id = repository.repository_id
  group by item.repository_id
),

comments as (
  select
    remark.repository_id,
    count(*) as recent_count
  from {{ ref('int_remarks') }} as remark
  inner join {{ ref('int_repositories') }} as repository
    on remark.repository_id = repository.repository_id
  where
    remark.kind = 'issue_comment'
    and remark.made_at > repository.data_as_of - interval '90 days'
  group by remark.repository_id
),

facts as (
  select
    repository.repository_id,
    repository.data_as_of,
    coverage.knows_commits,
    coverage.knows_issues,
    coverage.knows_issue_comments,
    -- Tags stand in for releases, so both must be known before there is none.
    coverage.knows_releases and coverage.knows_tags as knows_releases,
    commits.contributors_count,
    releases.recent_count as releases_count,
    items.updated_count,
    items.closed_count,
    {{ hours_between('repository.created_at', 'repository.data_as_of') }} / 24 / 30
      as created_since_months,
    case
      when coverage.knows_commits
        then greatest(0, extract(epoch from repository.data_as_of - commits.last_at) / 86400 / 30)
    end::double precision as updated_since_months,
    commits.recent_count / 52::double precision as commits_per_week,
    comments.recent_count / nullif(items.updated_count, 0)::double precision as comments_per_item
  from {{ ref('int_repositories') }} as repository
  left join {{ ref('int_coverage') }} as coverage
    on repository.repository_id = coverage.repository_id
  left join commits on repository.repository_id = commits.repository_id
  left join releases on repository.repository_id = releases.repository_id
  left join items on repository.repository_id = items.repository_id
  left join comments on repository.repository_id = comments.repository_id
),

parameters as (
  select
    repository_id,
    created_since_months,
    updated_since_months,
    {{ if_known('knows_commits', 'contributors_count') }} as contributors_count,
    {{ if_known('knows_commits', 'commits_per_week') }} as commits_per_week,
    {{ if_known('knows_releases', 'releases_count') }} as recent_releases_count,
    {{ if_known('knows_issues', 'updated_count') }} as updated_items_count,
    {{ if_known('knows_issues', 'closed_count') }} as closed_items_count,
    {{ if_known('knows_issues and knows_issue_comments', 'comments_per_item') }}
      as comments_per_item
  from facts
),

listed as (
  select
    parameters.repository_id,
    parameter.parameter_name,
    parameter.weight,
    parameter.ceiling,
    -- The least of nothing and a ceiling would be the ceiling.
    case
      when parameter.amount is null then null
      when parameter.is_less_more
        then parameter.ceiling - least(parameter.amount, parameter.ceiling)
      else least(parameter.amount, parameter.ceiling)
    end as amount
  from parameters
  cross join
    lateral (
      values
      ('created_since_months', parameters.created_since_months, 1.0, 120.0, false),
      ('updated_since_months', parameters.updated_since_months, 1.0, 120.0, true),
      ('contributors_count', parameters.contributors_count, 2.0, 5000.0, false),
      ('organisations_count', null, 1.0, 10.0, false),
      ('commits_per_week', parameters.commits_per_week, 1.0, 1000.0, false),
      ('recent_releases_count', parameters.recent_releases_count, 0.5, 26.0, false),
      ('updated_items_count', parameters.updated_items_count, 0.5, 5000.0, false),
      ('closed_items_count', parameters.closed_items_count, 0.5, 5000.0, false),
      ('comments_per_item', parameters.comments_per_item, 1.0, 15.0, false),
      ('dependents_count', null, 2.0, 500000.0, false)
    ) as parameter (parameter_name, amount, weight, ceiling, is_less_more)
),

scores as (
  select
    repository_id,
    -- Numbers of base ten sum to the same in any order.
    sum((weight * ln(1 + amount) / ln(1 + ceiling))::numeric)
    / sum(weight) filter (where amount is not null) as score,
    sum(weight) filter (where amount is not null) / sum(weight) as known_weight_ratio,
    coalesce(
      jsonb_agg(parameter_name order by parameter_name) filter (where amount is null), '[]'
    ) as missing
  from listed
  group by repository_id
)

select
  parameters.repository_id,
  scores.missing,
  parameters.created_since_months,
  parameters.updated_since_months,
  parameters.contributors_count,
  parameters.commits_per_week,
  parameters.recent_releases_count,
  parameters.updated_items_count,
  parameters.closed_items_count,
  parameters.comments_per_item,
  scores.score::double precision as score,
  coalesce(scores.known_weight_ratio, 0)::double precision as known_weight_ratio
from parameters
inner join scores on parameters.repository_id = scores.repository_id
