-- Code of the repositories of this job, by week and release, language by language.
select
  made.repository_id,
  made.every,
  made.snapshot,
  made.language,
  made.commit_sha,
  made.taken_on,
  made.engine,
  made.files_count,
  made.unmeasured_count,
  made.nloc,
  made.tests_nloc,
  made.ccn,
  made.functions_count,
  made.health_score,
  made.worst_health_score,
  made.ccn_1_to_5_nloc,
  made.ccn_6_to_10_nloc,
  made.ccn_11_to_25_nloc,
  made.ccn_above_25_nloc,
  made.outside_nloc,
  made.said_lines_count,
  made.duplicated_lines_count,
  made.findings_high_count,
  made.findings_medium_count,
  made.findings_low_count
from {{ source('insights', 'code_snapshots') }} as made
inner join {{ ref('int_repositories') }} as repository
  on made.repository_id = repository.repository_id
where {{ of_job('made.repository_id') }}
