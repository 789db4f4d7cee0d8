-- Commits per person, merges left out, over all time (0) and the year before the figures; none
-- where commits are not known.
select
  made.repository_id,
  span.window_days,
  made.person,
  actor.actor_class = 'human' as is_human,
  count(*) as commits_count
from {{ ref('int_commits') }} as made
inner join {{ ref('int_repositories') }} as repository
  on made.repository_id = repository.repository_id
inner join {{ ref('int_actors') }} as actor
  on made.repository_id = actor.repository_id and made.person = actor.login
inner join {{ ref('int_coverage') }} as coverage
  on made.repository_id = coverage.repository_id
cross join (values (0), (365)) as span (window_days)
where
  coverage.knows_commits
  and not made.is_merge
  and (
    span.window_days = 0
    or made.committed_at > repository.data_as_of - make_interval(days => span.window_days)
  )
group by made.repository_id, span.window_days, made.person, actor.actor_class
