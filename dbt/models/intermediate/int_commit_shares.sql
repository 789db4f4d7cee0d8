-- Commits per person, merges left out, over all time (0) and the year before the figures.
select
  made.repository_id,
  span.window_days,
  made.person,
  actor.actor_class = 'human' as is_human,
  count(*) as commits_count
from {{ ref('int_commits') }} as made
inner join {{ ref('int_repositories') }} as repository using (repository_id)
inner join {{ ref('int_actors') }} as actor
  on actor.repository_id = made.repository_id and actor.login = made.person
cross join (values (0), (365)) as span (window_days)
where not made.is_merge
  and (
    span.window_days = 0
    or made.committed_at > repository.data_as_of - make_interval(days => span.window_days)
  )
group by made.repository_id, span.window_days, made.person, actor.actor_class
