-- Files of the default branch as they lay at the end of each of the last twelve months, or lie now,
-- with what was measured in them.
select
  lies.repository_id,
  lies.month,
  lies.taken_at,
  lies.path,
  lies.kind,
  lies.is_test,
  measured.unmeasured,
  measured.nloc,
  measured.ccn,
  measured.health_score,
  measured.findings,
  measured.secrets,
  measured.dependencies
from {{ source('insights', 'code_files') }} as lies
inner join {{ ref('int_repositories') }} as repository
  on lies.repository_id = repository.repository_id
inner join {{ source('insights', 'code_blobs') }} as measured
  on
    lies.repository_id = measured.repository_id
    and lies.blob_id = measured.blob_id
    and lies.kind = measured.kind
where {{ of_job('lies.repository_id') }} and lies.month > repository.data_as_of - interval '1 year'
